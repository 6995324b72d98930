import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HeaderEncoder } from "../src/http2/header-encoder.ts";
import { MAX_CONCURRENT_STREAMS } from "../src/http2/limits.ts";
import { ClientPeer, PREFACE, REQUEST, ServerPeer, type Frame } from "./http2-peer.ts";
import { frame } from "./raw-http2.ts";

const RUNS = Number(process.env["HTTP2_FUZZ_RUNS"] ?? "400");
const streamId = fc.constantFrom(0, 1, 1, 3, 3, 5, 2, 7, 0x7fffffff);
const flags = fc.constantFrom(0, 1, 4, 5, 8, 9, 0x20, 0x25, 0xff);
const FIELDS: readonly (readonly string[])[] = [
  REQUEST,
  [":status", "200"],
  ["grpc-status", "0"],
  [...REQUEST, "content-length", "3"],
  [...REQUEST, "connection", "x"],
  ["a", "b\n"],
  [],
];

function blockOf(list: readonly string[]): Buffer {
  const bytes = Buffer.alloc(HeaderEncoder.maxBytes(list));
  return bytes.subarray(0, new HeaderEncoder().encode(list, bytes, 0));
}

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((one) => Buffer.from(one));
/** Frames that are right but for where they come, and frames of anything. */
const oneFrame = fc.oneof(
  fc.tuple(fc.constant(1), flags, streamId, fc.constantFrom(...FIELDS).map(blockOf)),
  fc.tuple(fc.constant(0), flags, streamId, bytes(20)),
  fc.tuple(
    fc.constantFrom(3, 8),
    fc.constant(0),
    streamId,
    fc.constantFrom("00000000", "00000001", "7fffffff").map((one) => Buffer.from(one, "hex")),
  ),
  fc.tuple(
    fc.constant(4),
    fc.constant(0),
    fc.constant(0),
    fc
      .constantFrom("", "000400000001", "0004ffffffff", "000100000000", "000400010000")
      .map((one) => Buffer.from(one, "hex")),
  ),
  fc.tuple(fc.constantFrom(6, 7), fc.constantFrom(0, 1), fc.constant(0), fc.constant(Buffer.alloc(8))),
  fc.tuple(fc.constant(9), flags, streamId, bytes(8)),
  fc.tuple(fc.nat(12), flags, streamId, bytes(30)),
);
const traffic = fc
  .array(oneFrame, { maxLength: 25 })
  .map((all) => Buffer.concat(all.map(([type, set, id, payload]) => frame(type, set, id, payload))));
const cuts = fc.array(fc.nat(60), { maxLength: 12 });

function cut(all: Buffer, at: readonly number[]): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (const length of at) parts.push(Buffer.from(all.subarray(start, (start += length))));
  return [...parts, Buffer.from(all.subarray(start))];
}

/** Frames but those of DATA's cuts. */
function say(frames: readonly Frame[]): string {
  return frames
    .map(({ type, flags: set, streamId: id, payload }) => `${type}/${set}/${id}/${payload.toString("hex")}`)
    .join(" ");
}

describe("HTTP/2 of any bytes", () => {
  it("is the same to a server however it is cut, ends well or with a GOAWAY, and leaves nothing", async () => {
    await fc.assert(
      fc.asyncProperty(traffic, cuts, async (all, at) => {
        const whole = new ServerPeer(Buffer.alloc(100, 1));
        const parts = new ServerPeer(Buffer.alloc(100, 1));
        const stream = Buffer.concat([PREFACE, frame(4, 0, 0, Buffer.alloc(0)), all]);
        await whole.send(stream);
        await parts.send(...cut(stream, at));
        assert.equal(say(parts.frames), say(whole.frames));
        const { connection } = whole;
        assert.ok(connection.streams.size <= MAX_CONCURRENT_STREAMS);
        assert.equal(connection.failure === undefined, whole.goaway === undefined);
        if (whole.goaway !== undefined) assert.notEqual(whole.goaway, 2, "our own fault");
        for (const one of [whole, parts]) assertEnds(one);
      }),
      { numRuns: RUNS },
    );
  });

  it("ends a client's call once, or not at all while the connection lives", async () => {
    await fc.assert(
      fc.asyncProperty(traffic, cuts, async (all, at) => {
        const peer = await ClientPeer.open();
        const calls = [peer.call(Buffer.from("abc")), peer.call(), peer.call(Buffer.alloc(70_000))];
        await peer.send(...cut(all, at));
        if (peer.goaway !== undefined) assert.notEqual(peer.goaway, 2, "our own fault");
        assertEnds(peer);
        for (const one of calls) assert.ok(one.isEnded || one.resetCode !== undefined, "it has ended");
      }),
      { numRuns: RUNS },
    );
  });

  it("is no server's, where it does not begin as HTTP/2", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 60 }), async (noise) => {
        const peer = new ServerPeer();
        await peer.send(Buffer.from(noise));
        const begins = PREFACE.subarray(0, noise.length).equals(noise.subarray(0, PREFACE.length));
        assert.equal(peer.goaway === undefined, begins);
        assertEnds(peer);
      }),
      { numRuns: 50 },
    );
  });
});

function assertEnds({ connection }: ServerPeer | ClientPeer): void {
  connection.destroy("the test is over");
  assert.deepEqual([connection.streams.size, connection.blocked.size, connection.unsentBytes], [0, 0, 0]);
}
