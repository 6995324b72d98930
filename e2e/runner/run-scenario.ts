import { randomBytes } from "node:crypto";
import { dumpNamespace } from "./dump.ts";
import type { Kube } from "./kube.ts";
import { runLabels } from "./leftovers.ts";
import { NotRun, type Scenario } from "./scenario.ts";
import type { Target } from "./target.ts";
import { World } from "./world.ts";

/** How a scenario ended. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly result: "passed" | "failed" | "not run";
  readonly seconds: number;
  /** Of a failure: the message and what the namespace looked like; of what was not run: why. */
  readonly message: string;
  readonly notes: readonly string[];
}

const TIMEOUT_MS = 300_000;

/** Runs a scenario in a namespace of its own, which is deleted afterwards. */
export async function runScenario(scenario: Scenario, target: Target, kube: Kube): Promise<Outcome> {
  const namespace = `e2e-${scenario.name.replaceAll("/", "-").slice(0, 40)}-${randomBytes(2).toString("hex")}`;
  const startMs = performance.now();
  const world = new World(target, kube, namespace);
  const end = (result: Outcome["result"], message: string): Outcome => {
    const seconds = (performance.now() - startMs) / 1000;
    return { scenario, result, seconds, message, notes: world.notes };
  };
  try {
    await kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: runLabels() } }, "");
    await within(scenario.run(world), scenario.timeoutMs ?? TIMEOUT_MS);
    return end("passed", "");
  } catch (error) {
    if (error instanceof NotRun) return end("not run", error.message);
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return end("failed", `${said}\n${await dumpNamespace(world)}`);
  } finally {
    await world.close().catch((error: unknown) => {
      process.stderr.write(`e2e: what ${scenario.name} changed is not all put back: ${String(error)}\n`);
    });
    await kube.delete("Namespace", "", namespace).catch((error: unknown) => {
      process.stderr.write(`e2e: namespace ${namespace} is left behind: ${String(error)}\n`);
    });
  }
}

async function within(work: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`not done within ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
