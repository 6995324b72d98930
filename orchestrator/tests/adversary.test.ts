import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createServer as createHttp2,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { connect, createServer, type AddressInfo, type Server } from "node:net";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { Client, compressionAlgorithms, credentials, Metadata } from "@grpc/grpc-js";
import { freePort } from "../../scripts/free-port-for-tests.ts";
import {
  callGrpc,
  startBed,
  startTestApp,
  type BedOptions,
  type Replies,
  type TestBed,
  type TestNode,
} from "./orchestrator.ts";
import { encodeRequest } from "./stub-node.ts";

const MODEL: TestNode = { name: "m", type: "MODEL" };
const PREDICT = "/seldon.protos.Seldon/Predict";
const PATH = "/api/v1.0/predictions";
const ECHO: Replies = { "m/predict": { body: { strData: "ok" } } };
const MESSAGE = encodeRequest("Predict", { strData: "x" });

function bedTest(name: string, check: (bed: TestBed) => Promise<void>, replies = ECHO, options?: BedOptions): void {
  it(name, async () => {
    const bed = await startBed(MODEL, replies, options);
    try {
      await check(bed);
      assert.equal((await fetch(`${bed.url}/live`)).status, 200, "it lives");
    } finally {
      await bed.stop();
    }
  });
}

/** Sends bytes as they are and reads until the server closes, or until `enough` matches. */
async function raw(port: number, bytes: string | Buffer, enough?: RegExp, halfClose = false): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  socket.on("error", () => {
    // A reset is an answer too.
  });
  if (halfClose) socket.end(bytes);
  else socket.write(bytes);
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (enough?.test(text) === true) resolve();
    });
    socket.on("end", resolve);
    socket.on("close", () => {
      resolve();
    });
  });
  socket.destroy();
  return text;
}

/** A graph of one model at a port that the test serves itself. */
function appBefore(port: number, options?: BedOptions) {
  const endpoint = { service_host: "127.0.0.1", service_port: port, httpPort: port, grpcPort: port };
  return startTestApp({ ...MODEL, endpoint }, options);
}

async function listening(server: Server | Http2Server, port = 0): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const post = (port: number, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${port}${PATH}`, { method: "POST", body: "{}", ...init });

describe("hostile and odd clients, REST", { concurrency: 6, timeout: 600_000 }, () => {
  const refused: readonly [string, string, RegExp][] = [
    [
      "length and chunks together",
      "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      /^HTTP\/1.1 400 /,
    ],
    ["two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", /^HTTP\/1.1 400 /],
    ["a signed length", "Content-Length: +2\r\n\r\n{}", /^HTTP\/1.1 400 /],
    ["a space before the colon", "Content-Length : 2\r\n\r\n{}", /^HTTP\/1.1 400 /],
    ["chunked that is not last", "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", /^HTTP\/1.1 400 /],
    ["a bad chunk size", "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", /^HTTP\/1.1 (400|499) /],
    ["100 kB of header", `X-Big: ${"a".repeat(100_000)}\r\n\r\n`, /^HTTP\/1.1 (400|431) /],
    ["no host", "", /^HTTP\/1.1 400 /],
  ];
  for (const [what, headers, answer] of refused) {
    bedTest(`refuses ${what}, and asks no node`, async (bed) => {
      const host = what === "no host" ? "\r\n" : "Host: a\r\n";
      const text = await raw(bed.app.httpPort, `POST ${PATH} HTTP/1.1\r\n${host}${headers}`, answer);
      assert.match(text, answer);
      assert.equal(bed.calls.length, 0);
    });
  }

  bedTest("serves chunks, pipelined requests, no body, HTTP/1.0 and HEAD", async (bed) => {
    const { httpPort } = bed.app;
    const chunked = `POST ${PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n`;
    const close = `POST ${PATH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const both = await raw(httpPort, chunked + close);
    assert.equal(both.match(/HTTP\/1.1 200 OK/g)?.length, 2, both);
    assert.deepEqual(
      bed.calls.map((call) => call.raw.toString()),
      ["{}", ""],
    );
    assert.equal(bed.calls[0]?.headers["transfer-encoding"], undefined);
    const old = await raw(httpPort, `POST ${PATH} HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}`);
    assert.match(old, /^HTTP\/1.1 200 OK[\s\S]*"ok"\}$/);
    const head = await raw(httpPort, `HEAD /live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    assert.match(head, /^HTTP\/1.1 200 OK[\s\S]*\r\n\r\n$/);
    assert.match(await raw(httpPort, `HEAD ${PATH} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`), / 405 /);
  });

  bedTest("hands on a repeated header, bytes that are no UTF-8, and gzip as it came", async (bed) => {
    const zipped = gzipSync('{"strData":"é"}');
    const head = `POST ${PATH} HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nX-Two: 2\r\nX-Odd: \xe9\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n`;
    const text = await raw(bed.app.httpPort, Buffer.concat([Buffer.from(head, "latin1"), zipped]));
    assert.match(text, /^HTTP\/1.1 200 /);
    const call = bed.calls[0];
    assert.deepEqual([call?.headers["x-two"], call?.headers["x-odd"]], ["1, 2", "\xe9"]);
    assert.equal(call?.headers["content-encoding"], "gzip");
    assert.deepEqual(call.raw, zipped);
    const bytes = Buffer.from([0xff, 0xfe, 0x00]);
    assert.equal((await post(bed.app.httpPort, { body: bytes })).status, 200);
    assert.deepEqual(bed.calls[1]?.raw, bytes);
  });

  bedTest(
    "takes a client that closes its half for one that has gone, and stops its call",
    async (bed) => {
      const stopped = new Promise((resolve) => {
        const stub = bed.stubs.get("m");
        if (stub !== undefined) stub.onAbandoned = resolve;
      });
      const request = `POST ${PATH} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}`;
      const socket = connect({ port: bed.app.httpPort, host: "127.0.0.1", allowHalfOpen: true });
      socket.resume();
      socket.write(request);
      while (bed.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      socket.end();
      assert.equal(await stopped, "predict");
    },
    { "m/predict": { hang: true } },
  );
});

describe("hostile and odd nodes, REST", { concurrency: 6, timeout: 600_000 }, () => {
  const rows: readonly [string, string, boolean, number][] = [
    ["headers and then nothing", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", false, 504],
    ["half a body and a close", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", true, 503],
    ["half a chunk and a close", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{", true, 503],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", true, 500],
    ["nothing and a close", "", true, 503],
  ];
  for (const [what, answer, closes, status] of rows) {
    it(`a node that sends ${what}: ${status}`, async () => {
      const node = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => {
          if (closes) socket.end(answer);
          else socket.write(answer);
        });
      });
      const app = await appBefore(
        await listening(node),
        closes ? {} : { annotations: 'seldon.io/rest-timeout="150"\n' },
      );
      try {
        const response = await post(app.httpPort);
        const text = await response.text();
        assert.equal(response.status, status, text);
        assert.match(text, /"status":"FAILURE"/);
      } finally {
        await app.stop();
        node.close();
      }
    });
  }

  it("1,000 calls while the node is down are all answered 503, and the first after it is back by 200", async () => {
    const port = await freePort();
    const app = await appBefore(port);
    try {
      const statuses = await Promise.all(
        Array.from({ length: 1000 }, async () => {
          const response = await post(app.httpPort);
          await response.arrayBuffer();
          return response.status;
        }),
      );
      assert.deepEqual([...new Set(statuses)], [503]);
      const node = createServer((socket) => {
        socket.on("error", () => {});
        socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
      });
      await listening(node, port);
      assert.equal((await post(app.httpPort)).status, 200);
      await app.stop();
      node.close();
    } finally {
      await app.stop();
    }
  });
});

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
    const chain: TestNode = { name: "t", type: "TRANSFORMER", children: [MODEL] };
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
