import assert from "node:assert/strict";
import { test } from "node:test";
import { changesBetween, groupPlans } from "./plan-groups.ts";
import { planFor } from "./plans-for-tests.ts";

const PLANS = Array.from({ length: 1000 }, (_, index) => planFor(`model-${String(index)}`, { main: 1 }));

test("every plan is in one group, and a change makes one group anew", () => {
  const groups = groupPlans(PLANS);
  assert.deepEqual(new Set(groups.flat()), new Set(PLANS));
  assert.equal(groups.flat().length, PLANS.length);
  const next = groupPlans(PLANS.with(500, planFor("model-500", { main: 1, canary: 1 })));
  assert.equal(next.filter((group, index) => group !== groups[index]).length, 1);
});

test("what comes and goes moves no others", () => {
  const groups = groupPlans(PLANS);
  const fewer = groupPlans(PLANS.filter((plan) => plan !== PLANS[0]));
  assert.equal(fewer.filter((group, index) => group !== groups[index]).length, 1);
});

test("the changes from one list to the next", () => {
  const [first, second, third] = PLANS;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const newer = planFor(second.name, { main: 2 });
  const before = groupPlans([first, second]);
  assert.deepEqual(changesBetween(before, groupPlans([first, second])), { added: [], gone: [] });
  const { added, gone } = changesBetween(before, groupPlans([newer, third]));
  assert.deepEqual([new Set(added), new Set(gone)], [new Set([newer, third]), new Set([first, second])]);
});
