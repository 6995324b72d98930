import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CONNECTION_WINDOW, IDLE_FRAMES, STREAM_WINDOW } from "../src/http2/limits.ts";
import { ClientPeer, settings, uint32, type ClientCall } from "./http2-peer.ts";
import { frame } from "./raw-http2.ts";

const STATUS = [":status", "200"] as const;
const TRAILERS = ["grpc-status", "0"] as const;
const HEADERS = 1;
const OPEN = 4;
const END = 5;

/** What becomes of the one call: it ends with so many bytes, it is reset, or the connection ends. */
type Fate =
  { readonly bytes: number } | { readonly reset: number } | { readonly goaway: number } | { readonly lost: RegExp };
type Row = readonly [what: string, fate: Fate, answer: (peer: ClientPeer) => readonly Buffer[]];

function list(peer: ClientPeer, headers: readonly string[], flags = OPEN, id = 1): Buffer {
  return frame(HEADERS, flags, id, peer.block(headers));
}

function lists(...all: readonly (readonly [headers: readonly string[], flags?: number])[]): Row[2] {
  return (peer) => all.map(([headers, flags]) => list(peer, headers, flags));
}

const DATA = frame(0, 0, 1, Buffer.alloc(3));
/** So many more than are allowed at once that no time that this test takes earns as many. */
const FLOOD = IDLE_FRAMES.burst + 60 * IDLE_FRAMES.perSecond;
const PINGS = Buffer.concat(Array.from({ length: FLOOD }, () => frame(6, 0, 0, Buffer.alloc(8))));

const ROWS: readonly Row[] = [
  ["an answer", { bytes: 3 }, (peer) => [list(peer, STATUS), DATA, list(peer, TRAILERS, END)]],
  ["trailers alone", { bytes: 0 }, lists([[...STATUS, ...TRAILERS], END])],
  ["100 and 103 before the answer", { bytes: 0 }, lists([[":status", "100"]], [[":status", "103"]], [STATUS, END])],
  ["101", { reset: 1 }, lists([[":status", "101"]])],
  ["a 100 that ends the stream", { reset: 1 }, lists([[":status", "100"], END])],
  ["no :status", { reset: 1 }, lists([TRAILERS, END])],
  ["two :status", { reset: 1 }, lists([[...STATUS, ...STATUS], END])],
  ["a :status that is none", { reset: 1 }, lists([[":status", "20"], END])],
  ["a request's pseudo-header", { reset: 1 }, lists([[...STATUS, ":path", "/"], END])],
  ["fields of HTTP/1", { reset: 1 }, lists([[...STATUS, "connection", "close"], END])],
  ["an uppercase name", { reset: 1 }, lists([[...STATUS, "A", "b"], END])],
  ["trailers with a pseudo-header", { reset: 1 }, lists([STATUS], [STATUS, END])],
  ["trailers that do not end the stream", { reset: 1 }, lists([STATUS], [TRAILERS])],
  ["DATA before headers", { reset: 1 }, () => [DATA]],
  ["less than content-length", { reset: 1 }, lists([[...STATUS, "content-length", "4"]], [TRAILERS, END])],
  [
    "a list above the limit",
    { reset: 1 },
    (peer) => {
      const field = peer.block(["a", "b".repeat(16_000)]);
      return [list(peer, STATUS, 0), ...[0, 0, 0, 0, OPEN].map((flags) => frame(9, flags, 1, field))];
    },
  ],
  ["a reset", { reset: 8 }, () => [frame(3, 0, 1, uint32(8))]],
  ["a GOAWAY below the call", { reset: 7 }, () => [frame(7, 0, 0, Buffer.alloc(8))]],
  ["HEADERS on a stream that nobody opened", { goaway: 1 }, (peer) => [list(peer, STATUS, END, 3)]],
  ["a stream of the server's own", { goaway: 1 }, (peer) => [list(peer, STATUS, END, 2)]],
  ["PUSH_PROMISE", { goaway: 1 }, () => [frame(5, 4, 1, Buffer.alloc(8))]],
  ["PINGs without end", { goaway: 11 }, () => [PINGS]],
  ["a connection that ends", { lost: /closed the connection/ }, () => []],
];

/** A further call works. */
async function assertWorks(peer: ClientPeer): Promise<void> {
  const next = peer.call();
  await peer.send(list(peer, [...STATUS, ...TRAILERS], END, next.stream.id));
  assert.equal(next.isEnded, true);
}

describe("HTTP/2 as RFC 9113 has it, on a client", () => {
  for (const [what, fate, answer] of ROWS) {
    it(`${what}: ${"lost" in fate ? "lost" : JSON.stringify(fate)}`, async () => {
      const peer = await ClientPeer.open();
      const call = peer.call();
      const frames = answer(peer);
      if (frames.length === 0) peer.socket.push(null);
      await peer.send(...frames);
      if ("bytes" in fate) {
        assert.deepEqual([call.isEnded, Buffer.concat(call.chunks).length], [true, fate.bytes]);
      } else if ("reset" in fate) assert.equal(call.resetCode, fate.reset);
      else if ("goaway" in fate) assert.equal(peer.goaway, fate.goaway);
      else assert.match(String(peer.ended), fate.lost);
      if (peer.ended === undefined) await assertWorks(peer);
      assert.deepEqual(
        [peer.connection.streams.size, peer.connection.blocked.size, peer.connection.unsentBytes],
        [0, 0, 0],
      );
      peer.connection.destroy("the test is over");
    });
  }

  it("says so where a server speaks HTTP/1", async () => {
    const peer = new ClientPeer();
    const call = peer.call();
    await peer.send(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"));
    assert.match(String(peer.ended), /HTTP\/1, not HTTP\/2/);
    assert.equal(call.resetCode, 8);
  });

  it("sends byte for byte through windows of one byte, below zero, and large again", async () => {
    const peer = await ClientPeer.open(settings([4, 1]));
    const body = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 11) & 0xff));
    const call = peer.call(body);
    await peer.send();
    for (let sent = 1; sent < 50; sent += 1) {
      assert.equal(peer.data(1).length, sent);
      await peer.send(frame(8, 0, 1, uint32(1)));
    }
    await peer.send(frame(4, 0, 0, settings([4, 0])), frame(8, 0, 1, uint32(1)));
    assert.deepEqual([peer.data(1).length, call.stream.sendWindow], [50, 0]);
    await peer.send(frame(4, 0, 0, settings([4, 200_000])), frame(8, 0, 0, uint32(100_000)));
    assert.ok(peer.data(1).equals(body));
    assert.equal(peer.connection.sendWindow, 65_535);
    peer.connection.destroy("the test is over");
  });

  it("lets a server send as much again as it has sent, and no more than that", async () => {
    const peer = await ClientPeer.open();
    const call = peer.call();
    await peer.send(list(peer, STATUS));
    const part = frame(0, 0, 1, Buffer.alloc(16_384));
    const parts = Buffer.concat(Array.from({ length: 128 }, () => part));
    for (let round = 0; round < 24; round += 1) {
      await peer.send(parts);
      let stream = STREAM_WINDOW;
      let connection = 65_535;
      for (const { type, streamId, payload } of peer.frames) {
        if (type !== 8) continue;
        if (streamId === 0) connection += payload.readUInt32BE();
        else stream += payload.readUInt32BE();
      }
      const received = (round + 1) * 128 * 16_384;
      assert.ok(stream - received <= STREAM_WINDOW && stream - received >= STREAM_WINDOW / 2);
      assert.ok(connection - received <= CONNECTION_WINDOW && connection - received >= CONNECTION_WINDOW / 2);
    }
    assertReceived(call, 24 * 128 * 16_384);
    peer.connection.destroy("the test is over");
  });
});

function assertReceived(call: ClientCall, bytes: number): void {
  assert.equal(Buffer.concat(call.chunks).length, bytes);
  assert.equal(call.resetCode, undefined);
}
