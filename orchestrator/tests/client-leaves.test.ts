import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { messagePrefix } from "../src/grpc/message-reader.ts";
import { enginePredictor, startProcess, type OrchestratorProcess } from "./orchestrator-process.ts";
import { encodeRequest, startStub, type StubNode } from "./stub-node.ts";

const PREDICT = "/seldon.protos.Seldon/Predict";
const BODY = '{"strData":"q"}';
const SERVED = "seldon_api_executor_server_requests_seconds_count{";
const ASKED = "seldon_api_executor_client_requests_seconds_count{";

/** Sends a request, waits until the node has it, and goes away by closing the connection. */
async function leaveByRest({ httpPort }: OrchestratorProcess, asked: Promise<unknown>): Promise<void> {
  const socket = connect(httpPort, "127.0.0.1");
  socket.write(`POST /api/v1.0/predictions HTTP/1.1\r\nhost: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`);
  await asked;
  socket.destroy();
}

/** The same while its request is still on the way. */
async function leaveInBody({ httpPort }: OrchestratorProcess): Promise<void> {
  const socket = connect(httpPort, "127.0.0.1");
  socket.write("POST /api/v1.0/predictions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 99\r\n\r\n{");
  // The request has begun.
  await once(socket, "data");
  socket.destroy();
}

async function leaveByGrpc({ grpcPort }: OrchestratorProcess, asked: Promise<unknown>): Promise<void> {
  const session = connectHttp2(`http://127.0.0.1:${grpcPort}`);
  session.on("error", () => {
    // It is this test that ends it.
  });
  const call = session.request({
    ":method": "POST",
    ":path": PREDICT,
    "content-type": "application/grpc",
    te: "trailers",
  });
  call.on("error", () => {});
  const message = encodeRequest("Predict", { strData: "q" });
  call.end(Buffer.concat([messagePrefix(message.length), message]));
  await asked;
  session.destroy();
}

describe("a client that leaves before its answer", { timeout: 600_000 }, () => {
  it("is 499 over REST and Canceled over gRPC, in metrics and in the access log", async () => {
    let onAsked: () => void = () => {};
    const node: StubNode = await startStub(
      "m0",
      () => ({ hang: true }),
      () => {
        onAsked();
      },
    );
    const flags = ["--access_log_sample=1"];
    const orchestrator = await startProcess(flags, { ENGINE_PREDICTOR: enginePredictor(node.httpPort, node.grpcPort) });
    const askedOnce = (): Promise<void> => new Promise((resolve) => (onAsked = resolve));
    const abandoned = (): Promise<string> => new Promise((resolve) => (node.onAbandoned = resolve));
    try {
      for (const leave of [leaveByRest, leaveByGrpc]) {
        const gone = abandoned();
        await leave(orchestrator, askedOnce());
        assert.equal(await gone, "predict", "the node hears of it");
      }
      await leaveInBody(orchestrator);
      const text = await until(async () => {
        const now = await scrape(orchestrator);
        return sum(now, SERVED) === 3 ? now : undefined;
      });
      assert.equal(sum(text, SERVED, 'code="499"', 'service="predictions"'), 2);
      assert.equal(sum(text, SERVED, 'code="Canceled"', `service="${PREDICT}"`), 1);
      assert.equal(sum(text, ASKED, 'code="499"', 'service="/predict"'), 1);
      assert.equal(sum(text, ASKED, 'code="Canceled"', 'service="/seldon.protos.Model/Predict"'), 1);
      assert.equal(sum(text, "graphway_orchestrator_request_failures_total{", 'cause="cancelled"'), 3);
      await until(() => Promise.resolve(statuses(orchestrator).length === 3 ? true : undefined));
      assert.deepEqual(statuses(orchestrator).sort(), ["499", "499", "Canceled"]);
    } finally {
      await orchestrator.end("SIGTERM");
      await node.stop();
    }
  });
});

/** What the access log says of each request. */
function statuses({ log }: OrchestratorProcess): string[] {
  return log.map((line) => (JSON.parse(line) as { status?: unknown }).status).filter((one) => typeof one === "string");
}

async function scrape({ httpPort }: OrchestratorProcess): Promise<string> {
  return (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
}

/** The sum of the samples that begin with `name` and have all of the parts in them. */
function sum(text: string, name: string, ...parts: readonly string[]): number {
  return text
    .split("\n")
    .filter((line) => line.startsWith(name) && parts.every((part) => line.includes(part)))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  const endMs = performance.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    assert.ok(performance.now() < endMs, "it never came");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
