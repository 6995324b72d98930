import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp2Server } from "node:http2";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CallError } from "../src/execute/call-error.ts";
import { Scope } from "../src/execute/scope.ts";
import { UnaryClient } from "../src/node/grpc/unary-client.ts";
import { HttpTransport } from "../src/node/rest/http-transport.ts";

const LIMITS = { connections: 1, queue: 1000, connectTimeoutMs: 60_000, maxReplyBytes: 1000 };
const CALLS = 50;
const SESSIONS = 4;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

type Call = (body: Buffer, scope: Scope) => Promise<unknown>;

/** Calls that wait for a node and are given up; what they would have sent, if anybody still holds it. */
function giveUpCalls(call: Call): readonly WeakRef<Buffer>[] {
  return Array.from({ length: CALLS }, () => {
    const body = Buffer.alloc(1000);
    const scope = new Scope(Infinity);
    call(body, scope).catch(() => {});
    setImmediate(() => {
      scope.cancel(new CallError("cancelled", "gone"));
    });
    return new WeakRef(body);
  });
}

async function assertFreed(refs: readonly WeakRef<Buffer>[]): Promise<void> {
  const endMs = performance.now() + 60_000;
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    const held = refs.filter((one) => one.deref() !== undefined).length;
    if (held === 0) return;
    assert.ok(performance.now() < endMs, `${held} of ${refs.length} are still held`);
  }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("calls that wait for a node that never answers, and are given up", { timeout: 600_000 }, () => {
  it("leave nothing behind over REST", async () => {
    const sockets: Socket[] = [];
    const node = createServer((socket) => sockets.push(socket));
    const http = new HttpTransport("127.0.0.1", await listening(node), LIMITS);
    const call: Call = (body, scope) =>
      http.call({ method: "POST", path: "/predict", headers: [], chunks: [body], mayRepeat: true }, scope);
    try {
      call(Buffer.from("{}"), new Scope(Infinity)).catch(() => {});
      await assertFreed(giveUpCalls(call));
      assert.deepEqual(http.load, { inUse: 1, waiting: 0 });
    } finally {
      http.destroy();
      for (const socket of sockets) socket.destroy();
      node.close();
    }
  });

  it("leave nothing behind over gRPC", async () => {
    const node = createHttp2Server({ settings: { maxConcurrentStreams: 1 } });
    const client = new UnaryClient("127.0.0.1", await listening(node), LIMITS);
    const call: Call = (body, scope) => client.call("/a.B/C", body, [], scope);
    try {
      // One stream on each of the connections that there are to one node at most.
      for (let i = 0; i < SESSIONS; i += 1) {
        const asked = once(node, "stream");
        call(Buffer.from("x"), new Scope(Infinity)).catch(() => {});
        await asked;
      }
      await assertFreed(giveUpCalls(call));
      assert.deepEqual(client.load, { inUse: SESSIONS, waiting: 0 });
    } finally {
      client.destroy();
      node.close();
    }
  });
});
