import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { makeBundle } from "./bundle.ts";
import { filesOf } from "./folder-content.ts";
import { PROGRAMS, type Program } from "./programs.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Where no package of the checkout can be found. */
const away = mkdtempSync(join(tmpdir(), "graphway-bundle-"));

before(async () => {
  for (const program of PROGRAMS) cpSync(await makeBundle(program), join(away, program.name), { recursive: true });
});
after(() => {
  rmSync(away, { recursive: true, force: true });
});

const GRAPH = { name: "main", graph: { name: "m", implementation: "SIMPLE_MODEL" } };
const ENV = { ENGINE_PREDICTOR: Buffer.from(JSON.stringify(GRAPH)).toString("base64") };
const FLAGS = [
  "--sdep",
  "iris",
  "--namespace",
  "default",
  "--predictor",
  "main",
  "--http_port=0",
  "--grpc_port=0",
  "--shutdown_delay=0s",
];

interface LogLine {
  readonly msg: string;
  readonly http_port?: number;
  readonly metrics?: number;
}

/** Starts a bundle, and stops it after the first line that `use` is done with. Resolves with its exit code. */
async function withBundle(
  name: Program["name"],
  flags: readonly string[],
  use: (line: LogLine) => Promise<boolean>,
): Promise<number | null> {
  const child = spawn(process.execPath, [join(away, name, `${name}.mjs`), ...flags], {
    cwd: away,
    env: ENV,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit") as Promise<[number | null]>;
  let isDone = false;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      if (isDone) continue;
      isDone = await use(JSON.parse(line) as LogLine);
      // Once: a second signal ends it at once.
      if (isDone) child.kill("SIGTERM");
    }
  } finally {
    if (!isDone) child.kill("SIGKILL");
  }
  assert.ok(isDone, `${name} ended before it was asked`);
  return (await exit)[0];
}

/** True once the orchestrator has answered. */
async function hasPredicted({ msg, http_port: port }: LogLine): Promise<boolean> {
  if (msg !== "listening" || port === undefined) return false;
  assert.deepEqual(await predict(port), { shape: [1, 3], values: [0.1, 0.9, 0.5] });
  return true;
}

async function predict(port: number): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1.0/predictions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"data":{"ndarray":[[1]]}}',
  });
  return ((await response.json()) as { readonly data?: { readonly tensor?: unknown } }).data?.tensor;
}

describe("the orchestrator's bundle", () => {
  it("answers where nothing else of the project is", async () => {
    assert.equal(await withBundle("orchestrator", FLAGS, hasPredicted), 0);
  });

  it("starts its workers from itself", async () => {
    assert.equal(await withBundle("orchestrator", [...FLAGS, "--workers=2"], hasPredicted), 0);
  });
});

/** A cluster where nobody answers. */
const KUBECONFIG = {
  "current-context": "none",
  contexts: [{ name: "none", context: { cluster: "none", user: "none" } }],
  clusters: [{ name: "none", cluster: { server: "https://127.0.0.1:9" } }],
  users: [{ name: "none", user: { token: "none" } }],
};

describe("the control plane's bundle", () => {
  it("lives, and is not ready, while no API server answers", async () => {
    const config = join(away, "kubeconfig");
    writeFileSync(config, JSON.stringify(KUBECONFIG));
    const flags = [`--kubeconfig=${config}`, "--metrics-addr=127.0.0.1:0", "--xds-port=0", "--webhook=false"];
    const code = await withBundle("control-plane", flags, async ({ msg, metrics }) => {
      if (msg !== "started" || metrics === undefined) return false;
      const [health, ready] = await Promise.all(
        ["healthz", "readyz"].map((path) => fetch(`http://127.0.0.1:${metrics}/${path}`)),
      );
      assert.deepEqual([health?.status, ready?.status], [200, 503]);
      return true;
    });
    assert.equal(code, 0);
  });
});

describe("a bundle", () => {
  it("names no place of the machine that made it", () => {
    for (const file of filesOf(away)) {
      const content = readFileSync(join(away, file), "latin1");
      assert.ok(!content.includes(ROOT), `${file} holds the path of the checkout`);
    }
  });

  it("says whose code it holds", () => {
    const notices = readFileSync(join(away, "orchestrator", "THIRD-PARTY.txt"), "utf8");
    for (const name of ["protobufjs", "js-yaml", "undici", "@platformatic/kafka"]) {
      assert.match(notices, new RegExp(`^${name} [0-9.]+ \\(.+\\)\n\n.*[Ll]icen`, "ms"));
    }
  });
});
