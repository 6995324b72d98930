import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { NotRun, type Scenario } from "./scenario.ts";
import type { World } from "./world.ts";

const TIMEOUT_MS = 540_000;

/** Test files that need the API server alone (`e2e/api/*.e2e.ts`): each is a scenario `api/<name>`, run by Node's test runner. */
export function apiScenarios(folder: string): readonly Scenario[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".e2e.ts"))
    .sort()
    .map((name) => ({
      name: `api/${name.slice(0, -".e2e.ts".length)}`,
      shows: "what these tests say of the API server",
      timeoutMs: 600_000,
      run: (world) => runTests(join(folder, name), world),
    }));
}

async function runTests(file: string, { target, namespace }: World): Promise<void> {
  if (target.nodePid === undefined) throw new NotRun("these tests look at the cluster of this checkout alone");
  const env = { ...process.env, KUBECONFIG: target.kubeconfig, E2E_NAMESPACE: namespace };
  const args = ["--test", "--test-reporter=spec", `--test-timeout=${TIMEOUT_MS}`, file];
  await new Promise<void>((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
    let said = "";
    const hear = (text: Buffer): void => {
      said = (said + text.toString()).slice(-20_000);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${file} ended with ${code ?? "a signal"}\n${said}`));
    });
  });
}
