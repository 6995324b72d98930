import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { metaOf, metricsBeyond, NO_META } from "./meta.ts";

const metric = fc.record({ key: fc.constantFrom("a", "b"), value: fc.constantFrom(1, 2) });
const metrics = fc.array(metric, { maxLength: 5 });

describe("metrics", () => {
  it("are told apart as often as they stand there", () => {
    fc.assert(
      fc.property(metrics, metrics, (all, known) => {
        const left = metricsBeyond(all, known);
        const count = (list: typeof all, one: object) =>
          list.filter((each) => JSON.stringify(each) === JSON.stringify(one)).length;
        for (const one of [...all, ...known]) {
          const expected = Math.max(0, count(all, one) - count(known, one));
          assert.equal(count(left as typeof all, one), expected);
        }
        // A wrapper that hands everything on leaves nothing.
        assert.deepEqual(metricsBeyond(all, [...known, ...all]), []);
      }),
    );
  });

  it("are the same however they are written", () => {
    const one = { key: "k", type: "TIMER", value: 22.1, tags: { a: "1", b: "2" } };
    const same = { tags: { b: "2", a: "1" }, value: Math.fround(22.1), type: 2, key: "k" };
    assert.deepEqual(metricsBeyond([one], [same]), []);
    assert.deepEqual(metricsBeyond([{ key: "k" }], [{ key: "k", type: "COUNTER", value: 0, tags: {} }]), []);
    for (const other of [
      { ...one, key: "x" },
      { ...one, type: 1 },
      { ...one, value: 22 },
      { ...one, tags: {} },
    ]) {
      assert.deepEqual(metricsBeyond([one], [other]), [one]);
    }
  });
});

describe("a meta that someone else wrote", () => {
  it("counts as absent where it has another shape", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { tags, requestPath, metrics: all, puid } = metaOf({ tags: value, requestPath: value, metrics: [value] });
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
        assert.deepEqual([tags, requestPath, all, puid], isObject ? [value, value, [value], ""] : [{}, {}, [], ""]);
      }),
    );
    for (const value of [undefined, null, 1, "meta", [], { tags: [], metrics: {}, puid: 7 }]) {
      assert.deepEqual(metaOf(value), NO_META);
    }
  });
});
