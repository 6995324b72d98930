import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { seldon } from "#proto/gen/seldon.js";
import { CallError } from "../execute/call-error.ts";
import { joinMeta, setRouting, splitMeta } from "./message-meta.ts";

const { SeldonMessage, Meta } = seldon.protos;

const text = fc.string({ unit: "grapheme", maxLength: 12 });
const int32 = fc.integer({ min: -2147483648, max: 2147483647 });
const meta = fc.record(
  {
    puid: text,
    tags: fc.dictionary(text, fc.record({ stringValue: text }), { maxKeys: 3 }),
    routing: fc.dictionary(text, int32, { maxKeys: 3 }),
    requestPath: fc.dictionary(text, text, { maxKeys: 3 }),
    metrics: fc.array(fc.record({ key: text, value: fc.float({ noNaN: true }) }), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const content = fc.oneof(
  fc.record({ strData: text }),
  fc.record({ binData: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({
    data: fc.record({
      names: fc.array(text, { maxLength: 3 }),
      tensor: fc.record({ shape: fc.array(int32), values: fc.array(fc.double({ noNaN: true })) }),
    }),
  }),
);

/** Encoded messages: status and data before, after or between the parts of meta, and fields that we don't know. */
const message = fc
  .tuple(
    fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 1 }),
    fc.tuple(meta, meta),
    content,
    fc.integer({ min: 0, max: 500 }),
  )
  .map(([order, [one, other], data, code]) => {
    const parts = [
      SeldonMessage.encode({ meta: one }).finish(),
      SeldonMessage.encode(data).finish(),
      SeldonMessage.encode({ status: { code } }).finish(),
      SeldonMessage.encode({ meta: other }).finish(),
      // Field 100: a varint; field 20: eight bytes.
      Buffer.from([0xa0, 0x06, 0x96, 0x01]),
      Buffer.from([0xa1, 0x01, 1, 2, 3, 4, 5, 6, 7, 8]),
    ];
    return Buffer.concat(order.map((i) => parts[i] ?? Buffer.alloc(0)));
  });

const routing = fc
  .dictionary(text, fc.oneof(fc.constantFrom(-2, -1, 0, 1), int32), { maxKeys: 4 })
  .map((all) => new Map(Object.entries(all)));

function plain(encoded: Buffer): unknown {
  return SeldonMessage.toObject(SeldonMessage.decode(encoded), { arrays: true, objects: true });
}

describe("the meta of an encoded SeldonMessage", () => {
  it("is taken out as full decoding reads it, and the rest stays byte for byte", () => {
    fc.assert(
      fc.property(message, (encoded) => {
        const { meta: taken, rest } = splitMeta(encoded);
        const whole = SeldonMessage.decode(encoded);
        assert.deepEqual(Meta.toObject(Meta.decode(taken)), Meta.toObject(Meta.create(whole.meta ?? {})));
        const without = SeldonMessage.decode(encoded);
        without.meta = null;
        assert.deepEqual(plain(Buffer.concat(rest)), plain(Buffer.from(SeldonMessage.encode(without).finish())));
        let from = 0;
        for (const slice of rest) {
          const at = encoded.indexOf(slice, from);
          assert.ok(at >= from);
          from = at + slice.length;
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("is replaced as full decoding and encoding do it", () => {
    fc.assert(
      fc.property(message, meta, (encoded, fresh) => {
        const joined = Buffer.concat(joinMeta([Buffer.from(Meta.encode(fresh).finish())], splitMeta(encoded)));
        const expected = SeldonMessage.decode(encoded);
        expected.meta = Meta.create(fresh);
        assert.deepEqual(plain(joined), plain(Buffer.from(SeldonMessage.encode(expected).finish())));
      }),
      { numRuns: 500 },
    );
  });

  it("gets another routing and keeps all else", () => {
    fc.assert(
      fc.property(meta, routing, (before, after) => {
        const encoded = Buffer.concat(setRouting(Buffer.from(Meta.encode(before).finish()), after));
        const expected = Meta.toObject(Meta.create({ ...before, routing: Object.fromEntries(after) }), {
          objects: true,
        });
        const bytes = Meta.encode(Meta.fromObject(expected)).finish();
        const options = { objects: true, arrays: true };
        assert.deepEqual(Meta.toObject(Meta.decode(encoded), options), Meta.toObject(Meta.decode(bytes), options));
      }),
      { numRuns: 500 },
    );
  });

  it("is refused where full decoding refuses the bytes that hold it together, and never throws anything else", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat({ max: 255 }), fc.boolean(), (encoded, at, byte, cuts) => {
        const broken = Buffer.from(encoded);
        if (broken.length === 0) return;
        const i = at % broken.length;
        if (!cuts) broken[i] = byte;
        const bytes = cuts ? broken.subarray(0, i) : broken;
        let split;
        try {
          split = splitMeta(bytes);
        } catch (error) {
          assert.ok(error instanceof CallError);
          assert.equal(error.fault, "bad-reply");
          return;
        }
        assert.ok(split.meta.length + Buffer.concat(split.rest).length <= bytes.length);
      }),
      { numRuns: 1000 },
    );
    for (const bytes of [[0x12], [0x12, 5, 1], [0x0a, 0xff], [0xff], [0x03], [0x00, 0x00], [0x09, 1, 2]]) {
      assert.throws(() => splitMeta(Buffer.from(bytes)), CallError, String(bytes));
    }
  });
});
