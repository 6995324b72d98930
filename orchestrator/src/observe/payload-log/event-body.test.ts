import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { bodyOf } from "./event-body.ts";
import { EventQueue } from "./event-queue.ts";
import { eventOf, gzipped, json, modelGraph, originOf } from "./tests/made.ts";

const origin = originOf(modelGraph());

function memory(maxBytes = 1 << 20): EventQueue {
  return new EventQueue({ maxEvents: 1, maxBytes, maxWaitMs: 1 }, () => {});
}

describe("bodyOf", () => {
  it("hands plain bytes over as they are, the very same ones", async () => {
    const payload = json('{"a":1}');
    const body = await bodyOf(eventOf(origin, payload), memory());
    assert.equal(body.chunks[0], payload.body);
    assert.deepEqual([body.contentEncoding, body.reservedBytes], ["", 0]);
  });

  it("inflates gzip and says what memory that takes", async () => {
    const text = "x".repeat(5000);
    const body = await bodyOf(eventOf(origin, gzipped(text)), memory());
    assert.equal(body.chunks.toString(), text);
    assert.deepEqual([body.contentEncoding, body.reservedBytes], ["", 5000]);
    const empty = await bodyOf(eventOf(origin, gzipped("")), memory());
    assert.deepEqual([empty.chunks.toString(), empty.contentEncoding], ["", ""]);
  });

  it("leaves compressed, and says so, what it can't inflate, and gives the memory back", async () => {
    const bomb = gzipSync(Buffer.alloc(1 << 20));
    bomb.writeUInt32LE(10, bomb.length - 4);
    const several = Buffer.concat([gzipSync("a".repeat(100)), gzipSync("b")]);
    const torn = gzipSync("x".repeat(100)).subarray(0, 20);
    for (const bytes of [bomb, several, torn, Buffer.from("no gzip at all, but long enough")]) {
      const held = memory();
      const payload = { ...gzipped(""), body: bytes };
      const body = await bodyOf(eventOf(origin, payload), held);
      assert.equal(body.chunks[0], bytes);
      assert.deepEqual([body.contentEncoding, body.reservedBytes, held.heldBytes], ["gzip", 0, 0]);
    }
    const large = gzipped(Buffer.alloc(1 << 20));
    assert.equal((await bodyOf(eventOf(origin, large), memory(1000))).contentEncoding, "gzip");
    const brotli = { ...json("x"), contentEncoding: "br" };
    assert.equal((await bodyOf(eventOf(origin, brotli), memory())).contentEncoding, "br");
    assert.equal(
      (await bodyOf(eventOf(origin, { ...brotli, contentEncoding: "identity" }), memory())).contentEncoding,
      "",
    );
  });
});
