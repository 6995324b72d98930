import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { stableHash } from "./stable-hash.ts";

function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, inner]) => [name, turned(inner)])
      .toReversed() as [string, unknown][],
  );
}

it("a hash does not depend on the order of keys, and on what JSON leaves out", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.equal(stableHash(turned(value)), stableHash(value));
    }),
  );
  assert.equal(stableHash({ b: 1, a: [{ d: 1, c: undefined }] }), stableHash({ a: [{ d: 1 }], b: 1 }));
});

it("another value has another hash", () => {
  const values = [{}, [], null, 0, "0", { a: 1 }, { a: "1" }, { a: [1, 2] }, { a: [2, 1] }, { b: 1 }];
  assert.equal(new Set(values.map(stableHash)).size, values.length);
});
