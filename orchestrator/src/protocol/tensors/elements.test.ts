import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { inference } from "#proto/gen/inference.js";
import { elementReaderOf } from "#proto/json/tensor-elements.ts";
import { firstNumberInJson, firstNumberOf } from "./elements.ts";
import { rawContentsOf } from "./raw-contents.ts";

const { InferTensorContents } = inference;

/** As a node's reply is decoded: 64-bit integers as objects. */
function contents(value: object): inference.InferTensorContents {
  return InferTensorContents.decode(InferTensorContents.encode(value).finish());
}

function elementsOf(datatype: string, raw: Buffer): (number | bigint)[] {
  const reader = elementReaderOf(datatype);
  assert.ok(reader !== undefined);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: raw.length / reader.size }, (_, i) => reader.read(view, i * reader.size));
}

describe("tensor elements", () => {
  it("typed contents made raw read as what they were", () => {
    const rows: readonly (readonly [string, string, fc.Arbitrary<unknown>])[] = [
      ["INT8", "intContents", fc.integer({ min: -128, max: 127 })],
      ["INT16", "intContents", fc.integer({ min: -32768, max: 32767 })],
      ["INT32", "intContents", fc.integer()],
      ["UINT8", "uintContents", fc.nat(255)],
      ["UINT16", "uintContents", fc.nat(65535)],
      ["UINT32", "uintContents", fc.integer({ min: 0, max: 2 ** 32 - 1 })],
      ["FP32", "fp32Contents", fc.float({ noNaN: true })],
      ["FP64", "fp64Contents", fc.double({ noNaN: true })],
      ["INT64", "int64Contents", fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
      ["UINT64", "uint64Contents", fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })],
    ];
    for (const [datatype, field, value] of rows) {
      fc.assert(
        fc.property(fc.array(value), (values) => {
          const given = values.map((one) => (typeof one === "bigint" ? String(one) : one));
          assert.deepEqual(
            elementsOf(datatype, rawContentsOf(datatype, contents({ [field]: given }))),
            values,
            datatype,
          );
        }),
      );
    }
    assert.deepEqual(rawContentsOf("BOOL", contents({ boolContents: [true, false] })), Buffer.from([1, 0]));
    assert.throws(() => rawContentsOf("FP16", {}), /FP16/);
  });

  it("halves read as IEEE 754 has them", () => {
    for (const [hex, value] of [
      ["003c", 1],
      ["00c0", -2],
      ["ff7b", 65504],
      ["0100", 2 ** -24],
      ["0004", 2 ** -14],
      ["007c", Infinity],
      ["0080", -0],
      ["5535", 0.333251953125],
    ] as const) {
      assert.equal(firstNumberOf("FP16", Buffer.from(hex, "hex")), value, hex);
    }
    assert.equal(Number.isNaN(firstNumberOf("FP16", Buffer.from("017e", "hex"))), true);
    assert.equal(firstNumberOf("BF16", Buffer.from("c03f", "hex")), 1.5);
  });

  it("no number where there is none", () => {
    for (const [datatype, hex] of [
      ["INT64", "00000000000000"],
      ["FP32", ""],
      ["BYTES", "0100000031"],
      ["", "00"],
      ["constructor", "00"],
    ] as const) {
      assert.equal(firstNumberOf(datatype, Buffer.from(hex, "hex")), undefined, datatype);
    }
    assert.deepEqual([[[[2]]], [[true]], [], ["1"], {}].map(firstNumberInJson), [
      2,
      1,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
