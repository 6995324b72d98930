import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { connectivityState } from "@grpc/grpc-js";
import type { App } from "../src/app.ts";
import { GZIP, TestClient } from "./grpc-client.ts";
import { startChain, startGrpcNode, type GrpcNode } from "./grpc-node.ts";

const PREDICT = "/seldon.protos.Seldon/Predict";
const MODEL = "/seldon.protos.Model/Predict";

/** A SeldonMessage of so much text. */
function textMessage(length: number): Buffer {
  const head: number[] = [0x2a];
  for (let rest = length; ; rest >>>= 7) {
    head.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) break;
  }
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length, "a")]);
}

describe("the gRPC server, called by grpc-js", { concurrency: 8, timeout: 600_000 }, () => {
  let node: GrpcNode;
  let app: App;
  let client: TestClient;
  const seen: Readonly<Record<string, unknown>>[] = [];
  before(async () => {
    node = await startGrpcNode({
      [MODEL]: async (message, metadata) => {
        seen.push(metadata);
        if (metadata["x-wait"] === "1") await new Promise((resolve) => setTimeout(resolve, 300));
        if (metadata["x-fail"] !== undefined)
          throw Object.assign(new Error(), { code: 9, details: metadata["x-fail"] });
        return message;
      },
    });
    app = await startChain("seldon", [{ name: "m", node }], ["--max_body_bytes=4000000"]);
    client = new TestClient(app.grpcPort);
  });
  after(async () => {
    client.close();
    await app.stop();
    node.stop();
  });

  for (const length of [0, 1, 16_000, 70_000, 1_000_000, 3_999_990]) {
    it(`echoes a message of ${length} bytes`, async () => {
      const message = length === 0 ? Buffer.alloc(0) : textMessage(length);
      const { code, reply, details } = await client.call(PREDICT, message);
      assert.equal(code, 0, details);
      assert.ok(reply.equals(message));
    });
  }

  it("serves many calls at once on one connection", async () => {
    const sizes = Array.from({ length: 300 }, (_, i) => (i % 7 === 0 ? 100_000 + i : i));
    const answers = await Promise.all(sizes.map((size) => client.call(PREDICT, textMessage(size))));
    answers.forEach(({ code, reply }, i) => {
      assert.equal(code, 0);
      assert.ok(reply.equals(textMessage(sizes[i] ?? 0)), `call ${i}`);
    });
  });

  it("says in Go's words what is not there", async () => {
    const rows = [
      ["/seldon.protos.Model/Predict", "unknown service seldon.protos.Model"],
      ["/seldon.protos.Seldon/Nothing", "unknown method Nothing for service seldon.protos.Seldon"],
      ["/seldon.protos.Seldon/toString", "unknown method toString for service seldon.protos.Seldon"],
      ["/x", 'malformed method name: "/x"'],
    ] as const;
    for (const [path, details] of rows) {
      const answer = await client.call(path, Buffer.alloc(0));
      assert.deepEqual([answer.code, answer.details], [12, details]);
    }
  });

  it("refuses a message above the limit in Go's words", async () => {
    const { code, details } = await client.call(PREDICT, textMessage(4_000_000));
    assert.deepEqual([code, details], [8, "grpc: received message larger than max (4000005 vs. 4000000)"]);
  });

  it("takes compressed messages, as far as they stay within the limit", async () => {
    const packed = new TestClient(app.grpcPort, GZIP);
    const fine = await packed.call(PREDICT, textMessage(100_000));
    assert.deepEqual([fine.code, fine.reply.length], [0, 100_004]);
    const bomb = await packed.call(PREDICT, textMessage(50_000_000));
    packed.close();
    assert.equal(bomb.code, 8);
    assert.match(bomb.details, /after decompression larger than max/);
  });

  it("hands on metadata, binary too, and gives the request's id back", async () => {
    const bytes = Buffer.from([0, 255, 1]);
    const metadata = { "seldon-puid": "mine", "x-text": "a b", "x-data-bin": bytes };
    const answer = await client.call(PREDICT, textMessage(1), { metadata });
    assert.equal(answer.metadata["seldon-puid"], "mine");
    const at = seen.find((one) => one["seldon-puid"] === "mine");
    assert.equal(at?.["x-text"], "a b");
    assert.deepEqual(at["x-data-bin"], bytes);
  });

  it("carries any text of a status", async () => {
    const text = "100 % Übergröße";
    const metadata = { "x-fail": encodeURIComponent(text) };
    const failed = await client.call(PREDICT, textMessage(1), { metadata });
    assert.deepEqual([failed.code, failed.details], [9, encodeURIComponent(text)]);
    const unknown = await client.call(`/${encodeURIComponent("é")}/x`, Buffer.alloc(0));
    assert.equal(unknown.details, `unknown service ${encodeURIComponent("é")}`);
  });

  it("keeps the client's deadline, and outlives clients that go", async () => {
    const late = await client.call(PREDICT, textMessage(1), { metadata: { "x-wait": "1" }, deadlineMs: 50 });
    assert.equal(late.code, 4);
    const { reply } = await client.call(PREDICT, textMessage(5));
    assert.equal(reply.length, 7);
  });

  it("lets calls in flight end when it stops, and sends the others elsewhere", async () => {
    const own = await startChain("seldon", [{ name: "m", node }], ["--graceful_timeout=60s"]);
    const one = new TestClient(own.grpcPort);
    const slow = one.call(PREDICT, textMessage(3), { metadata: { "x-wait": "1", "x-whose": "of the one that stops" } });
    while (!seen.some((one) => one["x-whose"] !== undefined)) await new Promise((resolve) => setTimeout(resolve, 5));
    const stopped = own.stop();
    assert.equal((await slow).code, 0);
    assert.equal(await stopped, true);
    assert.equal((await one.call(PREDICT, textMessage(3), { deadlineMs: 60_000 })).code, 14);
    one.close();
  });

  it("answers the pings of clients that keep connections alive", async () => {
    const pinging = new TestClient(app.grpcPort, {
      "grpc.keepalive_time_ms": 30,
      "grpc.keepalive_timeout_ms": 20_000,
      "grpc.keepalive_permit_without_calls": 1,
    });
    await pinging.call(PREDICT, textMessage(1));
    await new Promise((resolve) => setTimeout(resolve, 700));
    const state = pinging.client.getChannel().getConnectivityState(false);
    pinging.close();
    assert.equal(state, connectivityState.READY);
  });

  it("tells health, once and on", async () => {
    const own = await startChain("seldon", [{ name: "m", node }], ["--shutdown_delay=100ms", "--graceful_timeout=60s"]);
    const one = new TestClient(own.grpcPort);
    assert.equal((await one.call("/grpc.health.v1.Health/Check", Buffer.alloc(0))).reply.toString("hex"), "0801");
    const unknown = await one.call("/grpc.health.v1.Health/Check", Buffer.from("0a0178", "hex"));
    assert.deepEqual([unknown.code, unknown.details], [5, "unknown service x"]);
    const watch = one.open("/grpc.health.v1.Health/Watch");
    watch.on("error", () => {});
    watch.write(Buffer.alloc(0));
    const [first] = (await once(watch, "data")) as [Buffer];
    assert.equal(first.toString("hex"), "0801");
    const next = once(watch, "data") as Promise<[Buffer]>;
    const stopped = own.stop();
    assert.equal((await next)[0].toString("hex"), "0802");
    assert.equal(await stopped, true);
    one.close();
  });
});
