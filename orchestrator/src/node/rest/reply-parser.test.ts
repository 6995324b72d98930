import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HeadReader, NotHttp } from "./reply-head.ts";
import { ReplyParser } from "./reply-parser.ts";

interface Read {
  readonly status: number;
  readonly body: string;
  readonly keepAliveMs: number;
  readonly isWhole: boolean;
}

/** One for all: what is kept of one reply must not show in the next. */
const HEADS = new HeadReader();

/** Reads a reply in pieces of the given lengths (in turn), then the end of the connection. */
function read(text: string, pieces: readonly number[] = [text.length]): Read {
  let status = 0;
  let keepAliveMs = -1;
  let body = "";
  let isWhole = false;
  const parser = new ReplyParser(
    {
      onHead: (head) => {
        status = head.status;
        keepAliveMs = head.keepAliveMs;
      },
      onData: (chunk) => (body += chunk.toString("latin1")),
      onEnd: () => (isWhole = true),
    },
    HEADS,
  );
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const end = at + Math.max(1, pieces[i % pieces.length] ?? 1);
    parser.read(bytes.subarray(at, end));
    at = end;
  }
  const ended = parser.finish();
  assert.equal(ended, isWhole);
  return { status, body, keepAliveMs, isWhole };
}

const OK = "HTTP/1.1 200 OK\r\n";
const GOOD: readonly [string, Read][] = [
  [`${OK}Content-Length: 3\r\n\r\nabc`, { status: 200, body: "abc", keepAliveMs: 4000, isWhole: true }],
  [
    `${OK}content-length:3\r\nCONNECTION: Close\r\n\r\nabc`,
    { status: 200, body: "abc", keepAliveMs: 0, isWhole: true },
  ],
  [`${OK}\r\nall of it`, { status: 200, body: "all of it", keepAliveMs: 0, isWhole: true }],
  [
    `${OK}Content-Length: 0\r\nKeep-Alive: timeout=5, max=9\r\n\r\n`,
    { status: 200, body: "", keepAliveMs: 4000, isWhole: true },
  ],
  [`${OK}Content-Length: 5\r\n\r\nabc`, { status: 200, body: "abc", keepAliveMs: 4000, isWhole: false }],
  ["HTTP/1.0 404 \r\nContent-Length: 1\r\n\r\nx", { status: 404, body: "x", keepAliveMs: 0, isWhole: true }],
  ["HTTP/1.1 204\r\n\r\n", { status: 204, body: "", keepAliveMs: 4000, isWhole: true }],
  [
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}Content-Length: 1\r\n\r\ny`,
    { status: 200, body: "y", keepAliveMs: 4000, isWhole: true },
  ],
  [
    `${OK}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0A \r\n0123456789\r\n0\r\nX: y\r\n\r\n`,
    { status: 200, body: "abc0123456789", keepAliveMs: 4000, isWhole: true },
  ],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nab`, { status: 200, body: "ab", keepAliveMs: 4000, isWhole: false }],
];

const BAD: readonly string[] = [
  "\x00\x01 what is this\r\n\r\n",
  "SSH-2.0-OpenSSH",
  "HTTP/2 200 OK\r\n\r\n",
  "HTTP/1.1 20 OK\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
  `${OK}no colon\r\n\r\n`,
  `${OK}A: b\r\n folded\r\n\r\n`,
  `${OK}A : b\r\n\r\n`,
  `${OK}A: b\nC: d\r\n\r\n`,
  `${OK}A: b\x00\r\n\r\n`,
  `${OK}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`,
  `${OK}Content-Length: -1\r\n\r\n`,
  `${OK}Content-Length: 0x3\r\n\r\nabc`,
  `${OK}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  `${OK}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`,
  `${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n`,
  `${OK}Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n`,
  `${OK}Transfer-Encoding: chunked\r\n\r\n${"1".repeat(20)}\r\n`,
  `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`,
  `${OK}Content-Length: 1\r\n\r\nabc`,
  `${OK}Content-Length: 0\r\n\r\nabc`,
  `${OK}A: ${"b".repeat(70_000)}\r\n\r\n`,
  `HTTP/1.1 200 ${"b".repeat(70_000)}`,
];

describe("HTTP replies of nodes", () => {
  it("are read the same however they are cut", () => {
    for (const [text, expected] of GOOD) {
      assert.deepEqual(read(text), expected, text);
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }), (pieces) => {
          assert.deepEqual(read(text, pieces), expected);
        }),
        { numRuns: 30 },
      );
    }
  });

  it("are refused where they are not HTTP/1.1", () => {
    for (const text of BAD) {
      assert.throws(() => read(text), NotHttp, text.slice(0, 200));
      assert.throws(() => read(text, [text.length > 999 ? 777 : 1]), NotHttp, text.slice(0, 200));
    }
  });

  it("never break the reader", () => {
    const words = fc.constantFrom(
      OK,
      "\r\n",
      "\r\n\r\n",
      "Content-Length: 2",
      "Transfer-Encoding: chunked",
      "2",
      "0",
      "ab",
      ":",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string()), { maxLength: 12 }), (parts) => {
        try {
          read(OK + parts.join(""), [3, 1, 7]);
        } catch (error) {
          assert.ok(error instanceof NotHttp, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});
