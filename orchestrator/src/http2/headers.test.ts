import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HeaderDecoder } from "./header-decoder.ts";
import { HeaderEncoder } from "./header-encoder.ts";
import { decodeHuffman } from "./huffman.ts";

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

function encoded(encoder: HeaderEncoder, list: readonly string[]): Buffer {
  const bytes = Buffer.alloc(HeaderEncoder.maxBytes(list) + 3, 0xee);
  const end = encoder.encode(list, bytes, 3);
  assert.ok(end <= bytes.length);
  return bytes.subarray(3, end);
}

describe("HPACK", () => {
  it("decodes the responses of RFC 7541 C.6: Huffman code, and a table that forgets", () => {
    const decoder = new HeaderDecoder(1 << 16);
    decoder.decode(hex("3f e1 01")); // table of 256 bytes
    const blocks = [
      "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
      "4883640effc1c0bf",
      "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
    ];
    const lists = blocks.map((one) => decoder.decode(hex(one)));
    const when = "Mon, 21 Oct 2013 20:13:21 GMT";
    const rest = ["location", "https://www.example.com"];
    assert.deepEqual(lists[0], [":status", "302", "cache-control", "private", "date", when, ...rest]);
    assert.deepEqual(lists[1], [":status", "307", "cache-control", "private", "date", when, ...rest]);
    assert.deepEqual(lists[2], [
      ...[":status", "200", "cache-control", "private", "date", "Mon, 21 Oct 2013 20:13:22 GMT", ...rest],
      ...["content-encoding", "gzip"],
      ...["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
    ]);
  });

  it("writes what it reads, in any order and with any table", () => {
    const name = fc.constantFrom(":path", "te", "content-type", "x-a", "authorization", "grpc-status", ":status");
    const value = fc.stringMatching(/^[ -~]{0,300}$/);
    const list = fc.array(fc.tuple(name, value), { maxLength: 12 }).map((pairs) => pairs.flat());
    const step = fc.record({ list, resize: fc.option(fc.nat(5000), { freq: 8 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const encoder = new HeaderEncoder();
        const decoder = new HeaderDecoder(1 << 20);
        for (const { list: one, resize } of steps) {
          if (resize !== null) encoder.resize(resize);
          assert.deepEqual(decoder.decode(encoded(encoder, one)), one);
        }
      }),
    );
  });

  it("says what is wrong with a list, and goes on", () => {
    const decoder = new HeaderDecoder(100);
    const encoder = new HeaderEncoder();
    assert.equal(decoder.decode(encoded(encoder, ["Upper", "x"])), "malformed");
    assert.equal(decoder.decode(encoded(encoder, ["a", "x\r\ny"])), "malformed");
    assert.equal(decoder.decode(encoded(encoder, ["te", "x".repeat(90)])), "too-large");
    assert.deepEqual(decoder.decode(encoded(encoder, ["te", "trailers"])), ["te", "trailers"]);
  });

  it("takes no malformed field from the table either", () => {
    for (const field of ["4005557070657200", "400178 03610d0a"]) {
      const decoder = new HeaderDecoder(1000);
      assert.equal(decoder.decode(hex(field)), "malformed");
      assert.equal(decoder.decode(hex("be")), "malformed", "by its index");
      assert.deepEqual(decoder.decode(hex("82")), [":method", "GET"]);
    }
  });

  it("throws on blocks that can't be read", () => {
    for (const block of [
      "80",
      "be",
      "ffffffffffff0f",
      "40",
      "4005",
      "000161",
      "88 3f e1 ff 03",
      "3fe2ff03",
      "0081ff0161",
    ]) {
      assert.throws(() => new HeaderDecoder(1000).decode(hex(block)), /header block/, block);
    }
  });

  it("takes no bytes for Huffman code that are none", () => {
    assert.equal(decodeHuffman(hex("f1e3c2e5f23a6ba0ab90f4ff"), 0, 12), "www.example.com");
    assert.equal(decodeHuffman(hex("ffffffff"), 0, 4), undefined, "the end of string");
    assert.equal(decodeHuffman(hex("1fff"), 0, 2), undefined, "padding of a byte");
    assert.equal(decodeHuffman(hex("00"), 0, 1), undefined, "padding of zeros");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        decodeHuffman(Buffer.from(bytes), 0, bytes.length);
      }),
    );
  });
});
