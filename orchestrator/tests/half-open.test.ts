import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "node:test";
import { callGrpc, startTestApp } from "./orchestrator.ts";
import { encodeRequest } from "./stub-node.ts";

const PREDICT = "/seldon.protos.Seldon/Predict";
const MESSAGE = encodeRequest("Predict", { strData: "q" });
const TIMEOUT_MS = 3_000;

/** A node as a process, so that signals reach it. */
async function startNode(): Promise<{ child: ChildProcess; endpoint: Record<string, unknown> }> {
  const args = [join(import.meta.dirname, "stub-process.ts"), JSON.stringify({ body: { strData: "ok" } })];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const { httpPort, grpcPort } = JSON.parse(line.toString()) as { httpPort: number; grpcPort: number };
  return { child, endpoint: { service_host: "127.0.0.1", service_port: httpPort, httpPort, grpcPort } };
}

type Ask = () => Promise<number>;

/** Calls by both transports, each as one number: HTTP status or gRPC code. */
function askers(app: { readonly httpPort: number; readonly grpcPort: number }): { rest: Ask; grpc: Ask } {
  return {
    rest: async () => {
      const response = await fetch(`http://127.0.0.1:${app.httpPort}/api/v1.0/predictions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: '{"strData":"q"}',
      });
      await response.arrayBuffer();
      return response.status;
    },
    grpc: async () => (await callGrpc(app.grpcPort, PREDICT, MESSAGE)).code,
  };
}

/** What `workers` clients are answered until told to stop. */
function load(ask: Ask, workers: number): { stop(): Promise<ReadonlySet<number>>; seen: Set<number> } {
  const seen = new Set<number>();
  let isOn = true;
  const goesOn = (): boolean => isOn;
  const loops = Array.from({ length: workers }, async () => {
    while (goesOn()) seen.add(await ask());
  });
  return {
    seen,
    stop: async () => {
      isOn = false;
      await Promise.all(loops);
      return seen;
    },
  };
}

async function until(isSo: () => boolean): Promise<void> {
  const endMs = Date.now() + 60_000;
  while (!isSo()) {
    assert.ok(Date.now() < endMs, "it never came to be");
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

describe("a node that is there and not there, under load", { timeout: 600_000, concurrency: true }, () => {
  for (const [transport, fine, slow, gone] of [
    ["rest", 200, 504, 503],
    ["grpc", 0, 4, 14],
  ] as readonly (readonly ["rest" | "grpc", number, number, number])[]) {
    it(`${transport}: one that stops answering is too slow, and serves again when it goes on`, async () => {
      const { child, endpoint } = await startNode();
      const annotations = `seldon.io/rest-timeout="${TIMEOUT_MS}"\nseldon.io/grpc-timeout="${TIMEOUT_MS}"\n`;
      const app = await startTestApp({ name: "m", type: "MODEL", endpoint }, { annotations });
      try {
        const ask = askers(app)[transport];
        const under = load(ask, 8);
        await until(() => under.seen.has(fine));
        child.kill("SIGSTOP");
        await until(() => under.seen.has(slow));
        assert.equal(await ask(), slow);
        child.kill("SIGCONT");
        under.seen.clear();
        await until(() => under.seen.has(fine));
        const seen = await under.stop();
        for (const one of seen) assert.ok([fine, slow].includes(one), String(one));
        assert.equal(await ask(), fine);
      } finally {
        child.kill("SIGKILL");
        await app.stop();
      }
    });

    it(`${transport}: one that is killed can't be reached, and is said to be so`, async () => {
      const { child, endpoint } = await startNode();
      const app = await startTestApp({ name: "m", type: "MODEL", endpoint });
      try {
        const ask = askers(app)[transport];
        const under = load(ask, 8);
        await until(() => under.seen.has(fine));
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
        await until(() => under.seen.has(gone));
        const seen = await under.stop();
        for (const one of seen) assert.ok([fine, gone].includes(one), String(one));
        assert.equal(await ask(), gone);
      } finally {
        child.kill("SIGKILL");
        await app.stop();
      }
    });
  }
});
