import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { changesBetween, groupIndex, groupPlans, type PlanGroup } from "./plan-groups.ts";
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

/** As they are without a list before them. */
function alone(plans: readonly DeploymentPlan[]): readonly PlanGroup[] {
  const groups = Array.from({ length: 256 }, (): DeploymentPlan[] => []);
  for (const plan of plans) groups[groupIndex(plan.key)]?.push(plan);
  return groups;
}

test("groups are the same whatever list came before", () => {
  const [first, second, third] = PLANS;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const newer = (plan: DeploymentPlan): DeploymentPlan => ({ ...plan });
  const lists = [
    PLANS,
    PLANS.with(1, newer(second)).with(999, newer(third)),
    PLANS.map(newer),
    PLANS.toReversed(),
    PLANS.with(0, second).with(1, first),
    PLANS.with(2, planFor("another", { main: 1 })),
    [],
    [first],
    [newer(first)],
    [second],
    PLANS.slice(500),
    [...PLANS],
  ];
  for (const list of lists)
    for (const other of lists) {
      groupPlans([...other]);
      const [groups, expected] = [groupPlans([...list]), alone(list)];
      assert.deepEqual(
        groups.map(({ length }) => length),
        expected.map(({ length }) => length),
      );
      assert.ok(groups.every((group, index) => group.every((plan, at) => plan === expected[index]?.[at])));
    }
});

test("a group in which nothing is new stays the same object", () => {
  const groups = groupPlans([...PLANS]);
  const again = groupPlans([...PLANS]);
  assert.ok(again.every((group, index) => group === groups[index]));
  const next = groupPlans(PLANS.map((plan, at) => (at % 500 === 0 ? { ...plan } : plan)));
  assert.equal(next.filter((group, index) => group !== groups[index]).length, 2);
});
