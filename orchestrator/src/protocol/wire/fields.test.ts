import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import protobuf from "protobufjs";
import {
  BYTES,
  eachField,
  FIXED32,
  FIXED64,
  messageField,
  readVarint,
  stringField,
  VARINT,
  WireError,
} from "./fields.ts";

const { Reader, Writer } = protobuf;

const field = fc.tuple(
  fc.integer({ min: 1, max: 2 ** 29 - 1 }),
  fc.constantFrom(VARINT, FIXED64, BYTES, FIXED32),
  fc.uint8Array(),
);

function encode(fields: readonly (readonly [number, number, Uint8Array])[]): Buffer {
  const writer = Writer.create();
  for (const [number, wire, bytes] of fields) {
    writer.uint32(number * 8 + wire);
    if (wire === VARINT) writer.uint32(bytes.length * 1000);
    else if (wire === FIXED64) writer.double(bytes.length);
    else if (wire === FIXED32) writer.float(bytes.length);
    else writer.bytes(bytes);
  }
  return Buffer.from(writer.finish());
}

describe("eachField", () => {
  it("finds the fields that a decoder finds", () => {
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        const bytes = encode(fields);
        const reader = Reader.create(bytes);
        const wanted: number[][] = [];
        while (reader.pos < reader.len) {
          const start = reader.pos;
          const tag = reader.uint32();
          const afterTag = reader.pos;
          reader.skipType(tag & 7);
          wanted.push([tag >>> 3, tag & 7, start, afterTag, reader.pos]);
        }
        const found: number[][] = [];
        eachField(bytes, ({ number, wire, start, afterTag, end }) => found.push([number, wire, start, afterTag, end]));
        assert.deepEqual(found, wanted);
      }),
    );
  });

  it("throws a WireError on anything else, and never reads past the end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          eachField(bytes, ({ value, end }) => {
            assert.ok(value <= end && end <= bytes.length);
          });
        } catch (error) {
          assert.ok(error instanceof WireError, String(error));
        }
      }),
    );
    // Tag cut off, value cut off, length past the end, endless varint, group, field 0, wire type 7.
    for (const hex of ["80", "08", "0a02ff", "08ffffffffffffffffffff01", "0b0c", "0200", "0f"]) {
      assert.throws(
        () => {
          eachField(Buffer.from(hex, "hex"), () => {});
        },
        WireError,
        hex,
      );
    }
  });
});

describe("writing fields", () => {
  it("is what a decoder reads", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 29 - 1 }), fc.string({ unit: "grapheme" }), (number, text) => {
        const outer = Reader.create(Buffer.concat(messageField(number, [stringField(number, text)])));
        assert.equal(outer.uint32(), number * 8 + BYTES);
        const inner = Reader.create(outer.bytes());
        assert.equal(inner.uint32(), number * 8 + BYTES);
        assert.equal(inner.string(), text);
        assert.equal(outer.pos, outer.len);
      }),
    );
    assert.equal(readVarint(Buffer.from("ffffffffffffff0f", "hex"), 0, 8), Number.MAX_SAFE_INTEGER);
  });
});
