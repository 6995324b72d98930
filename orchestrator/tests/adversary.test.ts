import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { freePort } from "../../scripts/free-port-for-tests.ts";
import { appBefore, bedTest, listening } from "./one-model.ts";

const PATH = "/api/v1.0/predictions";

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
