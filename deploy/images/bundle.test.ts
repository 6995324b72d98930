import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { makeBundle } from "./bundle.ts";
import { filesOf } from "./folder-content.ts";
import { programNamed } from "./programs.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** Where no package of the checkout can be found. */
const away = mkdtempSync(join(tmpdir(), "graphway-bundle-"));
const folder = join(away, "orchestrator");
const main = join(folder, "orchestrator.mjs");

before(async () => {
  cpSync(await makeBundle(programNamed("orchestrator")), folder, { recursive: true });
});
after(() => {
  rmSync(away, { recursive: true, force: true });
});

const GRAPH = { name: "main", graph: { name: "m", implementation: "SIMPLE_MODEL" } };
const ENV = { ENGINE_PREDICTOR: Buffer.from(JSON.stringify(GRAPH)).toString("base64") };
const FLAGS = ["--sdep", "iris", "--namespace", "default", "--predictor", "main", "--http_port=0", "--grpc_port=0"];

/** Starts the bundle, waits for its ports, and ends it after `use`; resolves with its exit code. */
async function withBundle(flags: readonly string[], use: (httpPort: number) => Promise<void>): Promise<number | null> {
  const child = spawn(process.execPath, [main, ...FLAGS, "--shutdown_delay=0s", ...flags], {
    cwd: away,
    env: ENV,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit") as Promise<[number | null]>;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const { msg, http_port: port } = JSON.parse(line) as { readonly msg: string; readonly http_port?: number };
      if (msg !== "listening" || port === undefined) continue;
      await use(port);
      child.stdout.resume();
      break;
    }
  } finally {
    child.kill("SIGTERM");
  }
  return (await exit)[0];
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
    const code = await withBundle([], async (port) => {
      assert.deepEqual(await predict(port), { shape: [1, 3], values: [0.1, 0.9, 0.5] });
    });
    assert.equal(code, 0);
  });

  it("starts its workers from itself", async () => {
    const code = await withBundle(["--workers=2"], async (port) => {
      assert.deepEqual(await predict(port), { shape: [1, 3], values: [0.1, 0.9, 0.5] });
    });
    assert.equal(code, 0);
  });

  it("names no place of the machine that made it", () => {
    for (const file of filesOf(folder)) {
      const content = readFileSync(join(folder, file), "latin1");
      assert.ok(!content.includes(ROOT), `${file} holds the path of the checkout`);
    }
  });

  it("says whose code it holds", () => {
    const notices = readFileSync(join(folder, "THIRD-PARTY.txt"), "utf8");
    for (const name of ["protobufjs", "js-yaml", "undici", "@platformatic/kafka"]) {
      assert.match(notices, new RegExp(`^${name} [0-9.]+ \\(.+\\)\n\n.*[Ll]icen`, "ms"));
    }
  });
});
