import assert from "node:assert/strict";
import { test } from "node:test";
import { createGenerations } from "./generations.ts";

test("numbers grow, also within a millisecond and when the clock goes back", () => {
  let nowMs = 1_800_000_000_000;
  const next = createGenerations(() => nowMs, 1);
  const numbers = [next(), next(), next()];
  nowMs -= 60_000;
  numbers.push(next());
  nowMs += 120_000;
  numbers.push(next());
  assert.deepEqual(
    numbers,
    [...numbers].sort((a, b) => (a < b ? -1 : 1)),
  );
  assert.equal(new Set(numbers).size, numbers.length);
});

test("two replicas have none in common, and all fit into 64 bits", () => {
  const nowMs = (): number => Date.UTC(2108, 0);
  const [one, other] = [createGenerations(nowMs, 0x3fffff), createGenerations(nowMs, 5)];
  const all = Array.from({ length: 100 }, () => [one(), other()]).flat();
  assert.equal(new Set(all).size, 200);
  assert.ok(all.every((number) => number >= 0n && number < 1n << 64n));
});
