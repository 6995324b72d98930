import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAX_WEIGHT } from "./limits.ts";
import { costOf, isCheaper } from "./split.ts";

const draw = fc.integer({ min: 1, max: 0xffffffff });

test("a cost is -log2 of the draw to within twelve parts of 2^26", () => {
  const ONE = 2 ** 26;
  const check = (one: number): boolean => Math.abs(costOf(one) - -Math.log2(one / 2 ** 32) * ONE) <= 12;
  for (const one of [1, 2, 3, 0xffff, 0x10000, 0xffffff, 0x80000000, 0x7fffffff, 0xffffffff])
    assert.ok(check(one), String(one));
  fc.assert(fc.property(draw, check), { numRuns: 20_000 });
});

test("a higher draw never costs more, and every cost fits the exact products", () => {
  fc.assert(
    fc.property(draw, draw, (a, b) => {
      const [low, high] = [costOf(Math.min(a, b)), costOf(Math.max(a, b))];
      return high <= low && high > 0 && Number.isSafeInteger(low * MAX_WEIGHT);
    }),
    { numRuns: 20_000 },
  );
  assert.equal(costOf(0), costOf(1));
});

test("costs are compared per weight, exactly", () => {
  assert.ok(isCheaper(10, 5, 9, 4));
  assert.ok(!isCheaper(10, 5, 8, 4));
  assert.ok(isCheaper(2 ** 31, MAX_WEIGHT, 2 ** 31 + 1, MAX_WEIGHT));
});
