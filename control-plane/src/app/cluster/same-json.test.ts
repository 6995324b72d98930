import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { sameFields, sameJson } from "./same-json.ts";

/** Fields in the opposite order, with some that are undefined. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, inner]) => [name, turned(inner)] as const);
  return Object.fromEntries([["not there", undefined], ...fields.toReversed()]);
}

describe("sameness of JSON", () => {
  it("does not depend on the order of fields, nor on fields that are undefined", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.ok(sameJson(value, turned(value)));
        assert.ok(sameJson(turned(value), value));
      }),
    );
  });

  it("ends with any difference, as the texts say it", () => {
    const text = (value: unknown): string =>
      JSON.stringify(value, (_, inner: unknown) =>
        typeof inner === "object" && inner !== null && !Array.isArray(inner)
          ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
          : inner,
      );
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), fc.jsonValue({ maxDepth: 2 }), (one, other) => {
        assert.equal(sameJson(one, other), text(one) === text(other));
      }),
    );
    assert.ok(!sameJson([], {}));
    assert.ok(!sameJson({ a: null }, {}));
  });

  it("may leave fields out", () => {
    const except = new Set(["status"]);
    assert.ok(sameFields({ spec: 1, status: 1 }, { spec: 1 }, except));
    assert.ok(!sameFields({ spec: 1, status: 1 }, { spec: 2, status: 1 }, except));
  });
});
