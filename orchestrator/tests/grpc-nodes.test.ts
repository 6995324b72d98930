import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { asCallError } from "../src/execute/call-error.ts";
import { Scope } from "../src/execute/scope.ts";
import { UnaryClient } from "../src/node/grpc/unary-client.ts";
import { framed } from "./raw-http2.ts";

const LIMITS = { connections: 1000, queue: 1000, connectTimeoutMs: 60_000, maxReplyBytes: 8 << 20 };

async function withNode(
  settings: Readonly<Record<string, number>>,
  answer: (stream: ServerHttp2Stream, count: number) => void,
  check: (call: (message: Buffer) => Promise<Buffer>, server: Http2Server, client: UnaryClient) => Promise<void>,
): Promise<void> {
  const server = createServer({ settings });
  let count = 0;
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    count += 1;
    answer(stream, count);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new UnaryClient("127.0.0.1", (server.address() as AddressInfo).port, LIMITS);
  try {
    await check((message) => client.call("/a.B/C", message, ["x-a", "1"], new Scope(Infinity)), server, client);
  } finally {
    client.destroy();
    server.close();
  }
}

function echo(stream: ServerHttp2Stream): void {
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => {
      stream.sendTrailers({ "grpc-status": "0" });
    });
    stream.end(Buffer.concat(chunks));
  });
}

describe("calls to nodes on Node's own HTTP/2", { concurrency: 8, timeout: 600_000 }, () => {
  it("wait for streams and windows that a node is sparing with", async () => {
    await withNode({ maxConcurrentStreams: 2, initialWindowSize: 1000, headerTableSize: 0 }, echo, async (call) => {
      const messages = Array.from({ length: 60 }, (_, i) => Buffer.alloc(i % 5 === 0 ? 50_000 : i, i));
      const replies = await Promise.all(messages.map(call));
      replies.forEach((reply, i) => {
        assert.ok(reply.equals(messages[i] ?? Buffer.alloc(0)), `call ${i}`);
      });
    });
  });

  it("carry large messages both ways", async () => {
    await withNode({}, echo, async (call) => {
      const messages = [1, 2, 3].map((i) => Buffer.alloc(5_000_000, i));
      const replies = await Promise.all(messages.map(call));
      replies.forEach((reply, i) => {
        assert.ok(reply.equals(messages[i] ?? Buffer.alloc(0)));
      });
    });
  });

  it("go elsewhere when a node refuses them or says goodbye, and nothing is done twice", async () => {
    const refuseFirst = (stream: ServerHttp2Stream, count: number): void => {
      if (count === 1) stream.close(7);
      else echo(stream);
    };
    await withNode({}, refuseFirst, async (call) => {
      assert.equal((await call(Buffer.from("a"))).toString(), "a");
    });
    const leave = (stream: ServerHttp2Stream, count: number): void => {
      if (count % 3 === 0) stream.session?.goaway(0);
      echo(stream);
    };
    await withNode({}, leave, async (call) => {
      for (let i = 0; i < 20; i += 1) assert.equal((await call(Buffer.from("b"))).toString(), "b");
    });
  });

  it("go elsewhere with an answer that streams, as long as it has not begun", async () => {
    const read = async (client: UnaryClient, text: string): Promise<string[]> => {
      const stream = await client.stream("/a.B/S", Buffer.from(text), [], new Scope(Infinity));
      const all: string[] = [];
      for (let one = await stream.read(); one !== undefined; one = await stream.read()) all.push(one.toString());
      return all;
    };
    let calls = 0;
    const refuseFirst = (stream: ServerHttp2Stream, count: number): void => {
      calls = count;
      if (count === 1) stream.close(7);
      else echo(stream);
    };
    await withNode({}, refuseFirst, async (_call, _server, client) => {
      assert.deepEqual(await read(client, "a"), ["a"]);
      assert.equal(client.load.inUse, 0);
    });
    assert.equal(calls, 2);
    const leave = (stream: ServerHttp2Stream, count: number): void => {
      if (count % 3 === 0) stream.session?.goaway(0);
      echo(stream);
    };
    await withNode({ maxConcurrentStreams: 1 }, leave, async (_call, _server, client) => {
      const replies = await Promise.all(Array.from({ length: 40 }, (_, i) => read(client, `${i}`)));
      assert.deepEqual(
        replies,
        replies.map((_, i) => [`${i}`]),
      );
      assert.equal(client.load.inUse, 0);
    });
    const refuse = (stream: ServerHttp2Stream, count: number): void => {
      calls = count;
      stream.close(7);
    };
    await withNode({}, refuse, async (_call, _server, client) => {
      await assert.rejects(read(client, "c"), { fault: "unreachable", grpcCode: 14 });
      assert.equal(client.load.inUse, 0);
    });
    assert.equal(calls, 2);
    const refuseLate = (stream: ServerHttp2Stream, count: number): void => {
      calls = count;
      stream.respond({ ":status": 200, "content-type": "application/grpc" });
      stream.write(framed(Buffer.from("first")), () => {
        stream.close(7);
      });
    };
    await withNode({}, refuseLate, async (_call, _server, client) => {
      await assert.rejects(read(client, "d"), { fault: "unreachable", grpcCode: 14 });
      assert.equal(client.load.inUse, 0);
    });
    assert.equal(calls, 1);
  });

  it("wait no more on a node that says goodbye while they wait for a stream", async () => {
    const leave = (stream: ServerHttp2Stream, count: number): void => {
      if (count % 3 === 0) stream.session?.goaway(0);
      echo(stream);
    };
    await withNode({ maxConcurrentStreams: 1 }, leave, async (call) => {
      const replies = await Promise.all(Array.from({ length: 40 }, (_, i) => call(Buffer.from(`${i}`))));
      replies.forEach((reply, i) => {
        assert.equal(reply.toString(), `${i}`);
      });
    });
  });

  it("fail with the node's status, its reset, or its end", async () => {
    const rows: readonly (readonly [string, number, (stream: ServerHttp2Stream) => void])[] = [
      [
        "no status",
        13,
        (stream) => {
          stream.respond({ ":status": 200 });
          stream.end(framed(Buffer.from("x")));
        },
      ],
      [
        "HTTP 503",
        14,
        (stream) => {
          stream.respond({ ":status": 503 }, { endStream: true });
        },
      ],
      [
        "a status",
        9,
        (stream) => {
          stream.respond({ ":status": 200, "grpc-status": "9", "grpc-message": "a%20b" }, { endStream: true });
        },
      ],
      [
        "a status that gRPC has not",
        17,
        (stream) => {
          stream.respond({ ":status": 200, "grpc-status": "17" }, { endStream: true });
        },
      ],
      [
        "a status that is no number",
        2,
        (stream) => {
          stream.respond({ ":status": 200, "grpc-status": "-1" }, { endStream: true });
        },
      ],
      [
        "a reset",
        1,
        (stream) => {
          stream.close(8);
        },
      ],
      [
        "the end",
        14,
        (stream) => {
          stream.session?.destroy();
        },
      ],
    ];
    for (const [what, code, answer] of rows) {
      await withNode({}, answer, async (call) => {
        const failure = await call(Buffer.from("x")).then(() => undefined, asCallError);
        assert.equal(failure?.grpcCode, code, `${what}: ${failure?.message}`);
        if (what === "a status") assert.equal(failure.message, "a b");
      });
    }
  });
});
