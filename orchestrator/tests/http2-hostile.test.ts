import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { IDLE_FRAMES, MAX_CONCURRENT_STREAMS, MAX_UNSENT_BYTES, RESETS, SETTINGS_COST } from "../src/http2/limits.ts";
import { EMPTY, PREFACE, REQUEST, ServerPeer, settings, uint32 } from "./http2-peer.ts";
import { frame } from "./raw-http2.ts";

/** What becomes of it: the connection ends, stream 1 is reset, or all goes well. */
type Fate = { readonly goaway: number } | { readonly reset: number } | "well";
type Row = readonly [what: string, fate: Fate, bytes: (peer: ServerPeer) => readonly Buffer[]];

const NO_ERROR_YET = { goaway: undefined, reset: undefined };
const HEADERS = 1;
const END = 5;
const OPEN = 4;

function request(peer: ServerPeer, list: readonly string[], flags = END, id = 1): Buffer {
  return frame(HEADERS, flags, id, peer.block(list));
}

/** A request with more fields than the least. */
function withFields(...fields: readonly string[]): Row[2] {
  return (peer) => [request(peer, [...REQUEST, ...fields])];
}

function only(...list: readonly string[]): Row[2] {
  return (peer) => [request(peer, list)];
}

/** Frames behind an open stream 1. */
function afterOpen(...frames: readonly Buffer[]): Row[2] {
  return (peer) => [request(peer, REQUEST, OPEN), ...frames];
}

function times(count: number, one: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => one));
}

const PING = frame(6, 0, 0, Buffer.alloc(8));
/** So many more than are allowed at once that no time that this test takes earns as many. */
const FLOOD = IDLE_FRAMES.burst + 60 * IDLE_FRAMES.perSecond;

const ROWS: readonly Row[] = [
  ["a plain request", "well", only(...REQUEST)],
  ["te: trailers, content-length of nothing", "well", withFields("te", "trailers", "content-length", "0")],
  ["an uppercase name", { reset: 1 }, withFields("Upper", "1")],
  ["a line break in a value", { reset: 1 }, withFields("a", "b\r\nc")],
  ["an empty name", { reset: 1 }, withFields("", "1")],
  ["connection", { reset: 1 }, withFields("connection", "close")],
  ["transfer-encoding", { reset: 1 }, withFields("transfer-encoding", "chunked")],
  ["keep-alive", { reset: 1 }, withFields("keep-alive", "1")],
  ["upgrade", { reset: 1 }, withFields("upgrade", "h2c")],
  ["te of something else", { reset: 1 }, withFields("te", "gzip")],
  ["a pseudo-header behind fields", { reset: 1 }, withFields("a", "b", ":authority", "y")],
  ["an unknown pseudo-header", { reset: 1 }, withFields(":protocol", "x")],
  ["an answer's pseudo-header", { reset: 1 }, withFields(":status", "200")],
  ["no :method", { reset: 1 }, only(...REQUEST.slice(2))],
  ["no :scheme", { reset: 1 }, only(":method", "POST", ":path", "/")],
  ["no :path", { reset: 1 }, only(":method", "POST", ":scheme", "http")],
  ["an empty :path", { reset: 1 }, only(":method", "POST", ":scheme", "http", ":path", "")],
  ...[":method", ":scheme", ":path", ":authority"].map((name): Row => [
    `${name} twice`,
    { reset: 1 },
    only(name, "/", ...REQUEST),
  ]),
  ["no header at all", { reset: 1 }, only()],
  ["content-length of more than comes", { reset: 1 }, withFields("content-length", "1")],
  ["content-length that is no number", { reset: 1 }, withFields("content-length", "1e3")],
  ["two content-lengths", { reset: 1 }, withFields("content-length", "0", "content-length", "1")],
  [
    "less DATA than content-length",
    { reset: 1 },
    (peer) => [request(peer, [...REQUEST, "content-length", "3"], OPEN), frame(0, 1, 1, Buffer.alloc(2))],
  ],
  [
    "more DATA than content-length, padding aside",
    { reset: 1 },
    (peer) => [request(peer, [...REQUEST, "content-length", "3"], OPEN), frame(0, 0, 1, Buffer.alloc(4))],
  ],
  [
    "as much padded DATA as content-length",
    "well",
    (peer) => [
      request(peer, [...REQUEST, "content-length", "3"], OPEN),
      frame(0, 9, 1, Buffer.from([4, 1, 1, 1, 0, 0, 0, 0])),
    ],
  ],
  [
    "trailers before content-length is reached",
    { reset: 1 },
    (peer) => [request(peer, [...REQUEST, "content-length", "3"], OPEN), request(peer, ["a", "b"])],
  ],
  ["trailers", "well", (peer) => [request(peer, REQUEST, OPEN), request(peer, ["a", "b"])]],
  [
    "trailers with a pseudo-header",
    { reset: 1 },
    (peer) => [request(peer, REQUEST, OPEN), request(peer, [":path", "/"])],
  ],
  [
    "trailers with connection",
    { reset: 1 },
    (peer) => [request(peer, REQUEST, OPEN), request(peer, ["connection", "x"])],
  ],
  ["HEADERS twice", { reset: 1 }, (peer) => [request(peer, REQUEST, OPEN), request(peer, REQUEST, OPEN)]],
  ["HEADERS on a closed stream", { goaway: 5 }, (peer) => [request(peer, REQUEST), request(peer, REQUEST)]],
  ["an even stream", { goaway: 1 }, (peer) => [request(peer, REQUEST, END, 2)]],
  ["a lower stream", { goaway: 5 }, (peer) => [request(peer, REQUEST, END, 3), request(peer, REQUEST, END, 1)]],
  ["HEADERS on stream 0", { goaway: 1 }, (peer) => [request(peer, REQUEST, END, 0)]],
  ["a block that is no HPACK", { goaway: 9 }, () => [frame(HEADERS, END, 1, Buffer.from("80", "hex"))]],
  ["a table larger than allowed", { goaway: 9 }, () => [frame(HEADERS, END, 1, Buffer.from("3fe2ff03", "hex"))]],
  ["a block cut by PING", { goaway: 1 }, (peer) => [request(peer, REQUEST, 0), PING]],
  ["a block cut by DATA of another", { goaway: 1 }, (peer) => [request(peer, REQUEST, 0), frame(0, 1, 3, EMPTY)]],
  [
    "a block that another stream continues",
    { goaway: 1 },
    (peer) => [request(peer, REQUEST, 0), frame(9, 4, 3, EMPTY)],
  ],
  ["CONTINUATION of nothing", { goaway: 1 }, () => [frame(9, 4, 1, EMPTY)]],
  [
    "CONTINUATIONs without end",
    { goaway: 11 },
    (peer) => [request(peer, REQUEST, 0), times(100, frame(9, 0, 1, EMPTY))],
  ],
  [
    "a block of 160 KiB",
    { goaway: 11 },
    (peer) => [request(peer, REQUEST, 0), times(10, frame(9, 0, 1, Buffer.alloc(16_384)))],
  ],
  [
    "an HPACK bomb",
    { reset: 11 },
    () => [
      // One entry of 4 kB in the table, and 16,000 times its index.
      frame(
        HEADERS,
        END,
        1,
        Buffer.concat([Buffer.from("4001617fa11e", "hex"), Buffer.alloc(4000, 0x61), Buffer.alloc(12_000, 0xbe)]),
      ),
    ],
  ],
  ["DATA on stream 0", { goaway: 1 }, () => [frame(0, 1, 0, EMPTY)]],
  ["DATA on an idle stream", { goaway: 1 }, () => [frame(0, 1, 1, EMPTY)]],
  ["padding above the payload", { goaway: 1 }, afterOpen(frame(0, 8, 1, Buffer.from([5, 0, 0])))],
  ["padding without its length", { goaway: 1 }, afterOpen(frame(0, 8, 1, EMPTY))],
  ["empty DATA without end", { goaway: 11 }, afterOpen(times(FLOOD, frame(0, 0, 1, EMPTY)))],
  ["DATA of padding without end", { goaway: 11 }, afterOpen(times(FLOOD, frame(0, 8, 1, Buffer.from([0]))))],
  [
    "PRIORITY",
    "well",
    afterOpen(frame(2, 0, 1, Buffer.alloc(5)), frame(2, 0, 7, Buffer.alloc(5)), frame(0, 1, 1, EMPTY)),
  ],
  ["a short PRIORITY", { reset: 6 }, afterOpen(frame(2, 0, 1, Buffer.alloc(4)))],
  ["a short PRIORITY on an idle stream", { goaway: 6 }, () => [frame(2, 0, 1, Buffer.alloc(4))]],
  ["PRIORITY on stream 0", { goaway: 1 }, () => [frame(2, 0, 0, Buffer.alloc(5))]],
  ["PRIORITY without end", { goaway: 11 }, () => [times(FLOOD, frame(2, 0, 1, Buffer.alloc(5)))]],
  ["RST_STREAM on stream 0", { goaway: 1 }, () => [frame(3, 0, 0, uint32(8))]],
  ["RST_STREAM on an idle stream", { goaway: 1 }, () => [frame(3, 0, 1, uint32(8))]],
  ["a short RST_STREAM", { goaway: 6 }, afterOpen(frame(3, 0, 1, Buffer.alloc(3)))],
  ["SETTINGS on a stream", { goaway: 1 }, () => [frame(4, 0, 1, EMPTY)]],
  ["SETTINGS of odd length", { goaway: 6 }, () => [frame(4, 0, 0, Buffer.alloc(5))]],
  ["SETTINGS' ACK with a payload", { goaway: 6 }, () => [frame(4, 1, 0, Buffer.alloc(6))]],
  ["ENABLE_PUSH of 2", { goaway: 1 }, () => [frame(4, 0, 0, settings([2, 2]))]],
  ["an initial window above 2^31-1", { goaway: 3 }, () => [frame(4, 0, 0, settings([4, 2 ** 31]))]],
  ["a frame size below 2^14", { goaway: 1 }, () => [frame(4, 0, 0, settings([5, 16_383]))]],
  ["an unknown setting", "well", (peer) => [frame(4, 0, 0, settings([0xff, 1])), request(peer, REQUEST)]],
  ["SETTINGS without end", { goaway: 11 }, () => [times(FLOOD / SETTINGS_COST, frame(4, 0, 0, settings([4, 1])))]],
  ["PUSH_PROMISE", { goaway: 1 }, afterOpen(frame(5, 4, 1, Buffer.alloc(8)))],
  ["PING", "well", (peer) => [times(1000, PING), request(peer, REQUEST)]],
  ["PING on a stream", { goaway: 1 }, () => [frame(6, 0, 1, Buffer.alloc(8))]],
  ["a long PING", { goaway: 6 }, () => [frame(6, 0, 0, Buffer.alloc(9))]],
  ["PING without end", { goaway: 11 }, () => [times(FLOOD, PING)]],
  ["GOAWAY on a stream", { goaway: 1 }, () => [frame(7, 0, 1, Buffer.alloc(8))]],
  ["a short GOAWAY", { goaway: 6 }, () => [frame(7, 0, 0, Buffer.alloc(7))]],
  ["WINDOW_UPDATE of 0", { goaway: 1 }, () => [frame(8, 0, 0, uint32(0))]],
  ["WINDOW_UPDATE of 0 on a stream", { reset: 1 }, afterOpen(frame(8, 0, 1, uint32(0)))],
  ["WINDOW_UPDATE on an idle stream", { goaway: 1 }, () => [frame(8, 0, 1, uint32(1))]],
  ["a window above 2^31-1", { goaway: 3 }, () => [frame(8, 0, 0, uint32(0x7fffffff))]],
  ["a stream's window above 2^31-1", { reset: 3 }, afterOpen(frame(8, 0, 1, uint32(0x7fffffff)))],
  [
    "SETTINGS that lift a stream's window above 2^31-1",
    { goaway: 3 },
    afterOpen(frame(8, 0, 1, uint32(0x7fffffff - 65_535)), frame(4, 0, 0, settings([4, 65_536]))),
  ],
  ["a short WINDOW_UPDATE", { goaway: 6 }, () => [frame(8, 0, 0, Buffer.alloc(3))]],
  ["an unknown frame", "well", (peer) => [frame(0xfa, 0xff, 9, Buffer.alloc(9)), request(peer, REQUEST)]],
  ["unknown frames without end", { goaway: 11 }, () => [times(FLOOD, frame(0xfa, 0, 0, EMPTY))]],
  ["a frame of 16,385 bytes", { goaway: 6 }, () => [frame(6, 0, 0, Buffer.alloc(16_385))]],
  [
    "more DATA than the windows allow",
    { goaway: 3 },
    (peer) => {
      peer.returnsAtOnce = false;
      return [request(peer, REQUEST, OPEN), times(300, frame(0, 0, 1, Buffer.alloc(16_384)))];
    },
  ],
];

describe("HTTP/2 as RFC 9113 has it, on a server", () => {
  for (const [what, fate, bytes] of ROWS) {
    it(`${what}: ${typeof fate === "string" ? fate : JSON.stringify(fate)}`, async () => {
      const peer = await ServerPeer.open();
      await peer.send(...bytes(peer));
      const { goaway } = peer;
      const seen =
        typeof fate === "string" || "goaway" in fate
          ? { ...NO_ERROR_YET, goaway }
          : { ...NO_ERROR_YET, goaway, reset: peer.reset(1) };
      assert.deepEqual(seen, { ...NO_ERROR_YET, ...(fate === "well" ? {} : (fate as object)) });
      if (goaway === undefined) await assertServes(peer);
      peer.connection.destroy("the test is over");
      assertNothingLeft(peer);
    });
  }
});

/** A further call is answered. */
async function assertServes(peer: ServerPeer): Promise<void> {
  await peer.send(request(peer, REQUEST, END, 9_999));
  const ends = peer.frames.filter((one) => one.type === HEADERS && one.streamId === 9_999 && (one.flags & 1) === 1);
  assert.equal(ends.length, 1, "another call is answered");
}

function assertNothingLeft(peer: ServerPeer): void {
  const { streams, blocked, unsentBytes } = peer.connection;
  assert.deepEqual([streams.size, blocked.size, unsentBytes], [0, 0, 0]);
}

describe("an HTTP/2 server under attack", () => {
  it("ends a rapid reset, and one that it is made to do itself", async () => {
    const attacks: readonly ((id: number) => Buffer)[] = [
      (id) => frame(3, 0, id, uint32(8)),
      (id) => frame(8, 0, id, uint32(0)),
      (id) => frame(2, 0, id, Buffer.alloc(3)),
    ];
    for (const attack of attacks) {
      const peer = await ServerPeer.open();
      const startedMs = performance.now();
      const count = RESETS.burst + 60 * RESETS.perSecond;
      const parts = Array.from({ length: count }, (_, i) => [
        request(peer, REQUEST, OPEN, 2 * i + 1),
        attack(2 * i + 1),
      ]);
      await peer.send(Buffer.concat(parts.flat()));
      assert.equal(peer.goaway, 11);
      const earned = ((performance.now() - startedMs) * RESETS.perSecond) / 1000;
      assert.ok(peer.opened.length <= RESETS.burst + earned + 10, `${peer.opened.length} calls were begun`);
      assertNothingLeft(peer);
    }
  });

  it("opens no more streams than it has said, and forgets those that end", async () => {
    const peer = await ServerPeer.open();
    const open = (from: number, count: number): Buffer[] =>
      Array.from({ length: count }, (_, i) => request(peer, REQUEST, OPEN, from + 2 * i));
    await peer.send(Buffer.concat(open(1, MAX_CONCURRENT_STREAMS + 5)));
    assert.equal(peer.connection.streams.size, MAX_CONCURRENT_STREAMS);
    assert.equal(peer.reset(2 * MAX_CONCURRENT_STREAMS + 1), 7);
    await peer.send(Buffer.concat(peer.opened.map(({ id }) => frame(0, 1, id, EMPTY))));
    assert.equal(peer.connection.streams.size, 0);
    await assertServes(peer);
  });

  it("ignores what was under way when it ended a stream, but not what comes after the client's own reset", async () => {
    const peer = await ServerPeer.open();
    await peer.send(request(peer, REQUEST, OPEN), frame(8, 0, 1, uint32(0)));
    await peer.send(frame(0, 0, 1, Buffer.alloc(100)), request(peer, ["a", "b"]), frame(8, 0, 1, uint32(5)));
    assert.equal(peer.frames.filter((one) => one.type === 3).length, 1);
    assert.equal(peer.goaway, undefined);
    await peer.send(frame(3, 0, 1, uint32(8)), request(peer, REQUEST));
    assert.equal(peer.goaway, 5);
  });

  it("bounds what waits for a client that opens windows and reads nothing", async () => {
    const body = Buffer.alloc(1 << 20);
    const peer = await ServerPeer.open(body, settings([4, 1]));
    const requests = Array.from({ length: 64 }, (_, i) => request(peer, REQUEST, END, 2 * i + 1));
    await peer.send(Buffer.concat(requests));
    assert.equal(peer.connection.unsentBytes, 64 * (body.length - 1));
    assert.ok(peer.connection.unsentBytes < MAX_UNSENT_BYTES);
    // A byte at a time is answered by a byte at a time.
    await peer.send(times(1000, frame(8, 0, 1, uint32(1))));
    assert.equal(peer.data(1).length, 1001);
    await peer.send(frame(3, 0, 1, uint32(8)));
    assert.equal(peer.connection.unsentBytes, 63 * (body.length - 1));
    peer.connection.destroy("the test is over");
    assertNothingLeft(peer);
  });

  it("drops a client that never finishes what it begins, or takes nothing of its answers", async () => {
    const rows: readonly (readonly [string, () => Promise<ServerPeer>, number])[] = [
      ["the preface", () => Promise.resolve(new ServerPeer()), 20_000],
      [
        "SETTINGS",
        async () => {
          const peer = new ServerPeer();
          await peer.send(PREFACE);
          return peer;
        },
        20_000,
      ],
      [
        "a header block",
        async () => {
          const peer = await ServerPeer.open();
          await peer.send(request(peer, REQUEST, 0));
          return peer;
        },
        20_000,
      ],
      [
        "an answer",
        async () => {
          const peer = await ServerPeer.open(Buffer.alloc(100), settings([4, 1]));
          await peer.send(request(peer, REQUEST));
          peer.connection.checkAlive(1e9, 1e9, performance.now());
          return peer;
        },
        300_000,
      ],
    ];
    for (const [what, open, limitMs] of rows) {
      const peer = await open();
      const now = performance.now();
      peer.connection.checkAlive(1e9, 1e9, now + limitMs - 1000);
      assert.equal(peer.connection.failure, undefined, what);
      peer.connection.checkAlive(1e9, 1e9, now + limitMs + 1000);
      assert.ok(peer.connection.failure, what);
      assertNothingLeft(peer);
    }
  });

  it("answers what takes windows back and gives them again, byte for byte", async () => {
    const body = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) & 0xff));
    const peer = await ServerPeer.open(body, settings([4, 1000]));
    await peer.send(request(peer, REQUEST));
    assert.equal(peer.data(1).length, 1000);
    await peer.send(frame(4, 0, 0, settings([4, 10])), frame(8, 0, 1, uint32(990)));
    assert.equal(peer.data(1).length, 1000, "the window was below zero, and is at zero now");
    await peer.send(frame(8, 0, 1, uint32(1)));
    assert.equal(peer.data(1).length, 1001);
    await peer.send(frame(4, 0, 0, settings([4, 1 << 20])));
    assert.equal(peer.data(1).length, 65_535, "now the connection's window holds it up");
    await peer.send(frame(8, 0, 0, uint32(1 << 20)));
    assert.ok(peer.data(1).equals(body));
    assert.equal(peer.connection.sendWindow, 65_535 + (1 << 20) - body.length);
    assertNothingLeft(peer);
  });
});
