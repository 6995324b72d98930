import fc from "fast-check";
import assert from "node:assert/strict";
import { test } from "node:test";
import { percentages } from "./split.ts";

const weights = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 9 });

test("percentages sum up to 100, are off by less than one, and never give to nobody", () => {
  fc.assert(
    fc.property(weights, (all) => {
      const sum = all.reduce((total, one) => total + one, 0);
      fc.pre(sum > 0);
      const shares = percentages(all);
      assert.equal(
        shares.reduce((total, one) => total + one, 0),
        100,
      );
      shares.forEach((share, index) => {
        const exact = ((all[index] ?? 0) * 100) / sum;
        assert.ok(Math.abs(share - exact) < 1);
        if (all[index] === 0) assert.equal(share, 0);
      });
    }),
  );
});

test("percentages: what sums up to 100 stays, the largest remainder gets the rest, the first of equals wins", () => {
  assert.deepEqual(percentages([75, 25]), [75, 25]);
  assert.deepEqual(percentages([1, 1, 1]), [34, 33, 33]);
  assert.deepEqual(percentages([60, 20]), [75, 25]);
  assert.deepEqual(percentages([1, 2]), [33, 67]);
  assert.deepEqual(percentages([0, 0]), [0, 0]);
});
