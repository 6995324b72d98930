import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { App } from "../src/app.ts";
import { TestClient } from "./grpc-client.ts";
import { startChain, startGrpcNode, type GrpcNode } from "./grpc-node.ts";
import { frame, framed, RawClient } from "./raw-http2.ts";
import { seededRandom } from "./seeded-random.ts";

const PREDICT = "/seldon.protos.Seldon/Predict";
const MESSAGE = Buffer.from("2a0161", "hex");
const EMPTY = Buffer.alloc(0);

describe("the gRPC server, called by nobody's friend", { concurrency: 8, timeout: 600_000 }, () => {
  let node: GrpcNode;
  let app: App;
  let inNode = 0;
  before(async () => {
    node = await startGrpcNode({
      "/seldon.protos.Model/Predict": async (message, metadata) => {
        inNode += 1;
        if (metadata["x-wait"] === "1") await new Promise((resolve) => setTimeout(resolve, 300));
        if (metadata["x-large"] === "1")
          return Buffer.concat([Buffer.from("aa02ffffff01", "hex"), randomBytes(3 << 20)]);
        return message;
      },
    });
    app = await startChain("seldon", [{ name: "m", node }], ["--max_body_bytes=4000000"]);
  });
  after(async () => {
    await app.stop();
    node.stop();
  });

  async function withRaw(use: (raw: RawClient) => Promise<void>): Promise<void> {
    const raw = await RawClient.open(app.grpcPort);
    try {
      await use(raw);
    } finally {
      raw.close();
    }
    const client = new TestClient(app.grpcPort);
    assert.equal((await client.call(PREDICT, MESSAGE)).code, 0, "it still serves");
    client.close();
  }

  it("answers what it can't take before it has read it", () =>
    withRaw(async (raw) => {
      raw.send(1, 4, 1, raw.block(PREDICT, [], "application/json"));
      raw.send(0, 0, 1, Buffer.alloc(16_384));
      raw.send(0, 0, 1, Buffer.alloc(1));
      assert.equal((await raw.headersOf(1))?.[":status"], "415");
      raw.send(1, 5, 3, raw.encode([":method", "GET", ":scheme", "http", ":path", PREDICT]));
      assert.equal((await raw.headersOf(3))?.[":status"], "405");
      raw.send(1, 5, 5, raw.block(PREDICT, ["grpc-encoding", "snappy"]));
      const encoding = await raw.ending(5);
      assert.equal(encoding?.["grpc-status"], "12");
      assert.equal(encoding["grpc-accept-encoding"], "identity,deflate,gzip");
      assert.equal(encoding["grpc-message"], 'grpc: Decompressor is not installed for grpc-encoding "snappy"');
      raw.send(1, 5, 7, raw.block(PREDICT, ["grpc-timeout", "1x"]));
      assert.equal((await raw.ending(7))?.["grpc-message"], "malformed grpc-timeout: 1x");
      for (const contentType of ["application/grpc+proto", "application/grpc;x=1"]) {
        const id = contentType.includes("+") ? 9 : 11;
        raw.send(1, 4, id, raw.block(PREDICT, [], contentType));
        raw.send(0, 1, id, framed(MESSAGE));
        assert.equal((await raw.ending(id))?.["grpc-status"], "0");
      }
    }));

  it("wants exactly one message", () =>
    withRaw(async (raw) => {
      const rows: readonly (readonly [Buffer, string])[] = [
        [EMPTY, "the call has no request message"],
        [Buffer.concat([framed(MESSAGE), framed(MESSAGE)]), "a call with one request message got more than one"],
        [framed(MESSAGE).subarray(0, 6), "unexpected EOF in a message"],
        [framed(MESSAGE).subarray(0, 3), "unexpected EOF in a message"],
        [framed(MESSAGE, 7), "grpc: received unexpected payload format 7"],
        [framed(MESSAGE, 1), "grpc: compressed flag set with identity or empty encoding"],
      ];
      for (const [i, [body, text]] of rows.entries()) {
        const id = 2 * i + 1;
        raw.send(1, 4, id, raw.block(PREDICT));
        raw.send(0, 1, id, body);
        const end = await raw.ending(id);
        assert.deepEqual([end?.["grpc-status"], end?.["grpc-message"]], ["13", text]);
      }
    }));

  it("takes a message however it is cut, padded or followed by trailers", () =>
    withRaw(async (raw) => {
      const bytes = Buffer.concat([
        frame(1, 4, 1, raw.block(PREDICT)),
        ...[...framed(MESSAGE)].map((byte) => frame(0, 8, 1, Buffer.from([2, byte, 0, 0]))),
        frame(1, 5, 1, raw.encode(["x-last", "1"])),
      ]);
      for (const byte of bytes) raw.socket.write(Buffer.from([byte]));
      assert.equal((await raw.ending(1))?.["grpc-status"], "0");
    }));

  it("ends connections that break the protocol, with the right code", async () => {
    const rows: readonly (readonly [string, number, (raw: RawClient) => void])[] = [
      ["a frame above the limit", 6, (raw) => raw.socket.write(Buffer.from("7fffff000000000001", "hex"))],
      [
        "DATA on no stream",
        1,
        (raw) => {
          raw.send(0, 0, 1, EMPTY);
        },
      ],
      [
        "an even stream",
        1,
        (raw) => {
          raw.send(1, 5, 2, raw.block(PREDICT));
        },
      ],
      [
        "garbage for headers",
        9,
        (raw) => {
          raw.send(1, 5, 1, Buffer.from("ffffffffffffff", "hex"));
        },
      ],
      [
        "CONTINUATION of nothing",
        1,
        (raw) => {
          raw.send(9, 4, 1, EMPTY);
        },
      ],
      [
        "too large a window",
        3,
        (raw) => {
          raw.send(8, 0, 0, Buffer.from("7fffffff", "hex"));
        },
      ],
      [
        "a window of nothing",
        1,
        (raw) => {
          raw.send(8, 0, 0, Buffer.alloc(4));
        },
      ],
      [
        "a short PING",
        6,
        (raw) => {
          raw.send(6, 0, 0, Buffer.alloc(7));
        },
      ],
      [
        "PUSH_PROMISE",
        1,
        (raw) => {
          raw.send(5, 4, 1, Buffer.alloc(8));
        },
      ],
    ];
    for (const [what, code, send] of rows) {
      await withRaw(async (raw) => {
        send(raw);
        assert.equal(await raw.goaway(), code, what);
        await raw.closed();
      });
    }
  });

  it("bounds headers: lists, blocks and their CONTINUATIONs", async () => {
    await withRaw(async (raw) => {
      const fields = Array.from({ length: 1000 }, (_, i) => [`x-${i}`, "v".repeat(60)]).flat();
      const block = raw.block(PREDICT, fields);
      for (let at = 0; at < block.length; at += 16_384) {
        const isLast = at + 16_384 >= block.length;
        raw.send(at === 0 ? 1 : 9, (at === 0 ? 1 : 0) | (isLast ? 4 : 0), 1, block.subarray(at, at + 16_384));
      }
      const reset = await raw.next((one) => one.type === 3 && one.streamId === 1);
      assert.equal(reset?.payload.readUInt32BE(), 11);
      raw.send(1, 4, 3, raw.block(PREDICT));
      raw.send(0, 1, 3, framed(MESSAGE));
      assert.equal((await raw.ending(3))?.["grpc-status"], "0");
    });
    await withRaw(async (raw) => {
      raw.send(1, 1, 1, raw.block(PREDICT));
      for (let i = 0; i < 200; i += 1) raw.send(9, 0, 1, EMPTY);
      assert.equal(await raw.goaway(), 11);
    });
  });

  it("refuses streams above its limit, and headers that no request has", () =>
    withRaw(async (raw) => {
      for (let id = 1; id <= 2 * 1024 + 1; id += 2) raw.send(1, 4, id, raw.block(PREDICT));
      const refused = await raw.next((one) => one.type === 3 && one.streamId === 2049);
      assert.equal(refused?.payload.readUInt32BE(), 7);
      raw.send(3, 0, 1, Buffer.from([0, 0, 0, 8]));
      raw.send(1, 5, 2051, raw.encode([":method", "POST", "a", "b"]));
      const wrong = await raw.next((one) => one.type === 3 && one.streamId === 2051);
      assert.equal(wrong?.payload.readUInt32BE(), 1);
      raw.send(1, 5, 2053, raw.block(PREDICT, ["Upper", "1"]));
      assert.equal((await raw.next((one) => one.type === 3 && one.streamId === 2053))?.payload.readUInt32BE(), 1);
    }));

  it("ends a flood of resets, and cancels what was reset", () =>
    withRaw(async (raw) => {
      const parts: Buffer[] = [];
      for (let id = 1; id < 4000; id += 2) {
        parts.push(frame(1, 4, id, raw.block(PREDICT)), frame(0, 1, id, framed(MESSAGE)));
        parts.push(frame(3, 0, id, Buffer.from([0, 0, 0, 8])));
      }
      const before = inNode;
      raw.socket.write(Buffer.concat(parts));
      assert.equal(await raw.goaway(), 11);
      assert.ok(inNode - before < 100, `${inNode - before} calls reached the node`);
    }));

  it("waits for a client that does not read, and holds little for it", () =>
    withRaw(async (raw) => {
      for (let id = 1; id < 40; id += 2) {
        raw.send(1, 4, id, raw.block(PREDICT, ["x-large", "1"]));
        raw.send(0, 1, id, framed(MESSAGE));
      }
      const sent = (): number => raw.frames.reduce((sum, one) => sum + (one.type === 0 ? one.payload.length : 0), 0);
      while (sent() < 65_535) await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(sent(), 65_535);
      // Byte by byte it comes, too.
      raw.send(8, 0, 0, Buffer.from([0, 0, 0, 1]));
      while (sent() < 65_536) await new Promise((resolve) => setTimeout(resolve, 10));
    }));

  it("survives noise", async () => {
    const random = seededRandom(1);
    const below = (end: number): number => Math.floor(random() * end);
    const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, () => below(256)));
    for (let round = 0; round < 60; round += 1) {
      const raw = await RawClient.open(app.grpcPort);
      for (let i = 0; i < 20; i += 1) {
        raw.send(below(11), below(64), 1 + 2 * (i % 3), noise(below(60)));
      }
      raw.socket.write(noise(200));
      raw.socket.end();
      raw.socket.resume();
      await raw.closed();
    }
    await withRaw(async () => {});
  });
});
