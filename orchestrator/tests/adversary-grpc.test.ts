import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp2, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { Client, compressionAlgorithms, credentials, Metadata } from "@grpc/grpc-js";
import { appBefore, bedTest, listening } from "./one-model.ts";
import { callGrpc, startBed, type TestNode } from "./orchestrator.ts";
import { encodeRequest } from "./stub-node.ts";

const PREDICT = "/seldon.protos.Seldon/Predict";
const MESSAGE = encodeRequest("Predict", { strData: "x" });

describe("odd gRPC", { concurrency: 4, timeout: 600_000 }, () => {
  bedTest("a compressed message is read", async (bed) => {
    const client = new Client(`127.0.0.1:${bed.app.grpcPort}`, credentials.createInsecure(), {
      "grpc.default_compression_algorithm": compressionAlgorithms.gzip,
    });
    const same = (bytes: Buffer): Buffer => bytes;
    const big = encodeRequest("Predict", { strData: "x".repeat(10_000) });
    try {
      await new Promise<void>((resolve, reject) => {
        client.makeUnaryRequest(PREDICT, same, same, big, new Metadata(), (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
      assert.deepEqual(bed.calls[0]?.raw, big);
    } finally {
      client.close();
    }
  });

  bedTest("binary metadata arrives as it was sent", async (bed) => {
    const client = new Client(`127.0.0.1:${bed.app.grpcPort}`, credentials.createInsecure());
    const same = (bytes: Buffer): Buffer => bytes;
    const metadata = new Metadata();
    metadata.set("trace-bin", Buffer.from([0, 255, 1]));
    try {
      await new Promise<void>((resolve, reject) => {
        client.makeUnaryRequest(PREDICT, same, same, MESSAGE, metadata, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
      assert.equal(bed.calls[0]?.headers["trace-bin"], String(Buffer.from([0, 255, 1])));
    } finally {
      client.close();
    }
  });

  it("the deadline passes in the middle of the graph", async () => {
    const chain: TestNode = { name: "t", type: "TRANSFORMER", children: [{ name: "m", type: "MODEL" }] };
    const bed = await startBed(chain, { "t/transform-input": { body: {}, delayMs: 50 }, "m/predict": { hang: true } });
    try {
      const answer = await callGrpc(bed.app.grpcPort, PREDICT, MESSAGE, {}, new Date(Date.now() + 6_000));
      assert.equal(answer.code, 4);
      assert.deepEqual(
        bed.calls.map((call) => call.node),
        ["t", "m"],
      );
    } finally {
      await bed.stop();
    }
  });

  /** A node in raw HTTP/2: what it does with each stream is the test's. */
  async function http2Node(serve: (stream: ServerHttp2Stream, session: ServerHttp2Session) => void, port = 0) {
    const server = createHttp2();
    const sessions = new Set<ServerHttp2Session>();
    server.on("session", (session) => {
      sessions.add(session);
      session.on("error", () => {});
      session.on("stream", (stream: ServerHttp2Stream) => {
        stream.on("error", () => {});
        stream.resume();
        stream.on("end", () => {
          serve(stream, session);
        });
      });
    });
    const bound = await listening(server, port);
    const stop = async (): Promise<void> => {
      for (const session of sessions) session.destroy();
      const closed = once(server, "close");
      server.close();
      await closed;
    };
    return { port: bound, stop, sessions };
  }

  function answer(stream: ServerHttp2Stream, message: Buffer, headers = {}, flag = 0): void {
    stream.respond({ ":status": 200, "content-type": "application/grpc", ...headers }, { waitForTrailers: true });
    stream.on("wantTrailers", () => {
      stream.sendTrailers({ "grpc-status": "0" });
    });
    const head = Buffer.from([flag, 0, 0, 0, 0]);
    head.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([head, message]));
  }

  it("a message of 8 MB passes both ways", async () => {
    const big = encodeRequest("Predict", { strData: "y".repeat(8 << 20) });
    const node = await http2Node((stream) => {
      answer(stream, big);
    });
    const app = await appBefore(node.port);
    const client = new Client(`127.0.0.1:${app.grpcPort}`, credentials.createInsecure(), {
      "grpc.max_receive_message_length": -1,
    });
    const same = (bytes: Buffer): Buffer => bytes;
    try {
      const reply = await new Promise<Buffer | undefined>((resolve, reject) => {
        client.makeUnaryRequest(PREDICT, same, same, big, new Metadata(), (error, value) => {
          if (error === null) resolve(value);
          else reject(error);
        });
      });
      assert.ok(reply?.equals(big));
    } finally {
      client.close();
      await app.stop();
      await node.stop();
    }
  });

  it("a node that is back on its port is reached at once", async () => {
    let node = await http2Node((stream) => {
      answer(stream, MESSAGE);
    });
    const app = await appBefore(node.port);
    try {
      for (let i = 0; i < 3; i += 1) {
        assert.equal((await callGrpc(app.grpcPort, PREDICT, MESSAGE)).code, 0);
        await node.stop();
        assert.equal((await callGrpc(app.grpcPort, PREDICT, MESSAGE)).code, 14);
        node = await http2Node((stream) => {
          answer(stream, MESSAGE);
        }, node.port);
      }
      assert.equal((await callGrpc(app.grpcPort, PREDICT, MESSAGE)).code, 0);
    } finally {
      await app.stop();
      await node.stop();
    }
  });

  it("a node that says GOAWAY after each answer loses no call", async () => {
    const node = await http2Node((stream, session) => {
      answer(stream, MESSAGE);
      stream.once("finish", () => {
        session.close();
      });
    });
    const app = await appBefore(node.port);
    try {
      const answers = await Promise.all(
        Array.from({ length: 40 }, async (_, i) => {
          await new Promise((resolve) => setTimeout(resolve, i * 3));
          return callGrpc(app.grpcPort, PREDICT, MESSAGE);
        }),
      );
      assert.deepEqual([...new Set(answers.map((one) => `${one.code} ${one.details}`))], ["0 "]);
      // On a busy machine all of them may have found the first connection.
      for (let calls = 0; node.sessions.size < 2; calls += 1) {
        assert.ok(calls < 100, "a connection that said goodbye is used for ever");
        assert.equal((await callGrpc(app.grpcPort, PREDICT, MESSAGE)).code, 0);
      }
    } finally {
      await app.stop();
      await node.stop();
    }
  });

  it("a node that compresses unasked is refused with a reason", async () => {
    const node = await http2Node((stream) => {
      answer(stream, gzipSync(MESSAGE), { "grpc-encoding": "gzip" }, 1);
    });
    const app = await appBefore(node.port);
    try {
      const reply = await callGrpc(app.grpcPort, PREDICT, MESSAGE);
      assert.deepEqual([reply.code, reply.details], [13, "the answer is compressed, which was not asked for"]);
    } finally {
      await app.stop();
      await node.stop();
    }
  });

  it("a node that sends headers and then nothing is cut off by the deadline", async () => {
    const node = await http2Node((stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
    });
    const app = await appBefore(node.port, { annotations: 'seldon.io/grpc-timeout="150"\n' });
    try {
      assert.equal((await callGrpc(app.grpcPort, PREDICT, MESSAGE)).code, 4);
    } finally {
      await app.stop();
      await node.stop();
    }
  });
});
