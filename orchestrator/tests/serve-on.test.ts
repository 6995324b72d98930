import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { after, beforeEach, describe, it } from "node:test";
import { TestClient } from "./grpc-client.ts";
import { encodeRequest, startStub } from "./stub-node.ts";
import { startTestApp } from "./orchestrator.ts";
import type { App } from "../src/app.ts";
import type { Clock } from "../src/server/serve-on.ts";

const PREDICT = "/seldon.protos.Seldon/Predict";
const MESSAGE = encodeRequest("Predict", { data: { ndarray: [[1]] } });

/** Time that passes where the test says so: each sleep ends when what happens in it has happened. */
function scriptedTime(happenings: readonly (() => Promise<void>)[]): {
  readonly clock: Clock;
  readonly sleptMs: number[];
} {
  let nowMs = 0;
  const sleptMs: number[] = [];
  const sleep = async (ms: number): Promise<void> => {
    await happenings[sleptMs.push(ms) - 1]?.();
    nowMs += ms;
  };
  return { clock: { nowMs: () => nowMs, sleep }, sleptMs };
}

describe("an orchestrator that stops while requests still come", { timeout: 600_000 }, () => {
  const agent = new Agent({ keepAlive: true });
  let app: App;
  let client: TestClient;
  after(() => {
    agent.destroy();
  });
  beforeEach(async () => {
    const flags = ["--shutdown_delay=5s", "--graceful_timeout=600s"];
    app = await startTestApp({ name: "m", implementation: "SIMPLE_MODEL" }, { flags });
    client = new TestClient(app.grpcPort);
    assert.equal((await client.call(PREDICT, MESSAGE)).code, 0);
  });

  const ask = async (method: string, path: string): Promise<IncomingMessage> => {
    const asked = request({ port: app.httpPort, method, path, agent });
    asked.end(method === "POST" ? '{"data":{"ndarray":[[1]]}}' : "");
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    return response;
  };
  const predictByRest = async (): Promise<void> => {
    const { statusCode, headers } = await ask("POST", "/api/v1.0/predictions");
    assert.deepEqual([statusCode, headers.connection], [200, "close"]);
  };
  const predictByGrpc = async (): Promise<void> => {
    assert.equal((await client.call(PREDICT, MESSAGE)).code, 0);
  };
  const probe = async (): Promise<void> => {
    assert.equal((await ask("GET", "/ready")).statusCode, 503);
    assert.equal((await ask("GET", "/live")).statusCode, 200);
    assert.equal((await ask("GET", "/metrics")).statusCode, 200);
    const health = await client.call("/grpc.health.v1.Health/Check", Buffer.alloc(0));
    assert.equal(health.reply.toString("hex"), "0802");
  };
  const nothing = (): Promise<void> => Promise.resolve();

  const looks = (count: number): number[] => Array.from({ length: count }, () => 500);
  const rows: readonly [string, readonly (() => Promise<void>)[], readonly number[]][] = [
    ["nothing comes", [nothing, nothing], [3000, 2000]],
    ["requests come only while they must be served", [predictByRest, nothing], [3000, 2000]],
    ["probes and scrapes come", [probe, probe], [3000, 2000]],
    ["REST goes on", [nothing, predictByRest, predictByRest, probe], [3000, 2000, ...looks(5)]],
    ["gRPC goes on", [nothing, predictByGrpc, nothing, predictByGrpc, nothing], [3000, 2000, ...looks(6)]],
    [
      "both go on for too long",
      [
        nothing,
        predictByRest,
        predictByGrpc,
        predictByRest,
        predictByGrpc,
        nothing,
        predictByRest,
        nothing,
        predictByRest,
      ],
      [3000, 2000, ...looks(8)],
    ],
  ];
  for (const [what, happenings, sleptMs] of rows) {
    it(`serves on for ${sleptMs.reduce((sum, ms) => sum + ms, 0)} ms: ${what}`, async () => {
      const time = scriptedTime(happenings);
      assert.equal(await app.stop(time.clock), true);
      client.close();
      assert.deepEqual(time.sleptMs, sleptMs);
    });
  }

  it("serves on no longer for nodes that are gone", async () => {
    const stub = await startStub(
      "m",
      () => ({ body: { strData: "yes" } }),
      () => {},
    );
    const endpoint = { service_host: "127.0.0.1", service_port: stub.httpPort, httpPort: stub.httpPort };
    const flags = ["--shutdown_delay=5s", "--graceful_timeout=600s"];
    const graph = { name: "m", type: "MODEL", endpoint: { ...endpoint, grpcPort: stub.grpcPort } };
    await app.stop(scriptedTime([]).clock);
    app = await startTestApp(graph, { flags });
    const leave = async (): Promise<void> => {
      await predictByRest();
      await stub.stop();
    };
    const time = scriptedTime([nothing, predictByRest, predictByRest, leave]);
    assert.equal(await app.stop(time.clock), true);
    assert.deepEqual(time.sleptMs, [3000, 2000, ...looks(2)]);
  });
});
