import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { beginSending, endSending, freeBytes } from "./free-bytes.ts";

describe("freeBytes", () => {
  it("empties a buffer that has its memory to itself", () => {
    const own = Buffer.allocUnsafeSlow(100);
    freeBytes(own);
    assert.equal(own.length, 0);
    freeBytes(own);
  });

  it("leaves a part of larger memory as it is", () => {
    const large = Buffer.alloc(100_000, "x");
    freeBytes(large.subarray(0, 99_999));
    freeBytes(Buffer.from("pooled"));
    assert.equal(large[99_998], 0x78);
  });
});

describe("beginSending", () => {
  it("keeps a buffer until its last write has ended", () => {
    const own = Buffer.allocUnsafeSlow(100);
    const memory = own.buffer;
    beginSending(memory);
    beginSending(memory);
    endSending(memory);
    freeBytes(own);
    assert.equal(own.length, 100);
    endSending(memory);
    freeBytes(own);
    assert.equal(own.length, 0);
  });
});
