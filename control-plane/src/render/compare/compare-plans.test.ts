import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { planFor } from "../xds/plans-for-tests.ts";
import { comparePlans } from "./compare-plans.ts";
import { findKeyMovement } from "./key-movement.ts";

const KEYS = 10_000;
const STICKY = { sticky: { keys: [{ kind: "cookie", name: "user" } as const] } };

test("a new weight moves no more keys than it must, and only to who gained", () => {
  const { percent, moves } = findKeyMovement(
    planFor("a", { main: 9, canary: 1 }, {}, STICKY),
    planFor("a", { main: 10, canary: 1 }, {}, STICKY),
    30_000,
  );
  assert.ok(percent > 0.5 && percent < 1.3, `${percent} %`);
  assert.deepEqual(
    moves.map(({ from, to }) => `${from} ${to}`),
    ["canary main"],
  );
});

test("moves are what the weights ask for, whatever the key is made of", () => {
  const weights = fc.record({ a: fc.integer({ min: 1, max: 9 }), b: fc.integer({ min: 1, max: 9 }) });
  const kind = fc.constantFrom("header", "cookie", "query" as const);
  fc.assert(
    fc.property(weights, weights, kind, (before, after, on) => {
      const changes = { sticky: { keys: [{ kind: on, name: "user" }] } };
      const share = ({ a, b }: { readonly a: number; readonly b: number }): number => (a / (a + b)) * 100;
      const { percent } = findKeyMovement(planFor("x", before, {}, changes), planFor("x", after, {}, changes), KEYS);
      assert.ok(Math.abs(percent - Math.abs(share(before) - share(after))) < 3);
    }),
    { numRuns: 20 },
  );
});

test("another sticky key draws every client anew", () => {
  const { percent } = findKeyMovement(
    planFor("a", { main: 1, canary: 1 }, {}, STICKY),
    planFor("a", { main: 1, canary: 1 }, {}, { sticky: { keys: [{ kind: "header", name: "x-user" }] } }),
    KEYS,
  );
  assert.ok(Math.abs(percent - 50) < 3, `${percent} %`);
});

test("rules, shadows, retries and predictors are compared by name", () => {
  const rule = (name: string, percent: number) =>
    ({ name, conditions: [], percent, split: [{ predictor: "main", weight: 1 }] }) as const;
  const before = planFor("a", { main: 1 }, { old: 10, both: 10 }, { rules: [rule("one", 5), rule("two", 5)] });
  const after = planFor(
    "a",
    { main: 1, canary: 0 },
    { both: 20, fresh: 1 },
    { rules: [rule("two", 6), rule("one", 5), rule("three", 1)], retry: { attempts: 2 } },
  );
  const [one] = comparePlans([before], [after], 100);
  assert.ok(one?.kind === "changed");
  assert.deepEqual(one.rules, { added: ["three"], removed: [], changed: ["two"] });
  assert.ok(one.rulesReordered);
  assert.deepEqual(one.shadows, { added: ["fresh"], removed: ["old"], changed: ["both"] });
  assert.deepEqual(one.predictors.added, ["canary", "fresh"]);
  assert.deepEqual(
    one.parts.map(({ part }) => part),
    ["split", "retry"],
  );
});

test("what is only there before or after is said; what is the same is not looked at", () => {
  const [same, gone, fresh] = ["b", "a", "c"].map((name) => planFor(name, { main: 1 }));
  assert.ok(same !== undefined && gone !== undefined && fresh !== undefined);
  assert.deepEqual(comparePlans([same, gone], [fresh, same]), [
    { key: "seldon/a", kind: "removed" },
    { key: "seldon/b", kind: "same" },
    { key: "seldon/c", kind: "added" },
  ]);
});
