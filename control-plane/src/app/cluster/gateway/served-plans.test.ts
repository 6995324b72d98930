import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import type { ServicePlan } from "../../../plan/workload-plan.ts";
import { planFor } from "../../../render/xds/plans-for-tests.ts";
import { createServedPlans } from "./served-plans.ts";

const PLAN = planFor("iris", { main: 75, canary: 25 });

/** Another object, down to its leaves. */
function again(fields: Partial<DeploymentPlan> = {}): DeploymentPlan {
  return structuredClone({ ...PLAN, ...fields });
}

test("a plan that says the same is no change, and the one before goes on", () => {
  const served = createServedPlans();
  assert.equal(served.set(PLAN), true);
  const all = served.all();
  assert.equal(served.set(PLAN), false);
  assert.equal(served.set(again()), false);
  assert.equal(served.all(), all);
  assert.equal(served.all()[0], PLAN);
});

test("what runs for it is no change: gateways are told nothing of it", () => {
  const served = createServedPlans();
  served.set(PLAN);
  const service: ServicePlan = {
    name: "iris-main",
    predictor: "main",
    role: "predictor",
    labels: {},
    annotations: {},
    selector: {},
    ports: [],
    headless: false,
  };
  assert.equal(served.set(again({ workloads: { pods: [], services: [service] } })), false);
  assert.equal(served.all()[0], PLAN);
});

test("anything else is a change, wherever in the plan it is", () => {
  const [main, canary] = PLAN.predictors;
  assert.ok(main !== undefined && canary !== undefined);
  const others: readonly Partial<DeploymentPlan>[] = [
    { hosts: ["models.example"] },
    { split: [...PLAN.split].reverse() },
    { split: PLAN.split.slice(1) },
    { fallback: ["canary"] },
    { limits: { requestsPerSecond: 5 } },
    { predictors: [main, { ...canary, labels: { ...canary.labels, version: "2" } }] },
    { predictors: [main, { ...canary, graph: { ...canary.graph, children: [main.graph] } }] },
  ];
  for (const other of others) {
    const served = createServedPlans();
    served.set(PLAN);
    const next = again(other);
    assert.equal(served.set(next), true, JSON.stringify(other));
    assert.equal(served.all()[0], next);
    assert.equal(served.set(again()), true, `${JSON.stringify(other)} taken back`);
  }
});

test("told are those whose predictors are other ones than before", () => {
  const served = createServedPlans();
  assert.equal(served.routed(PLAN.key), undefined);
  served.set(PLAN);
  assert.deepEqual(served.told(served.all()), [PLAN.key]);
  served.set(again({ hosts: ["models.example"] }));
  assert.deepEqual(served.told(served.all()), []);
  served.set(again({ split: [{ predictor: "canary", weight: 100 }] }));
  assert.deepEqual(served.routed(PLAN.key), new Set(["main", "canary"]), "until gateways are told, both");
  assert.deepEqual(served.told(served.all()), [PLAN.key]);
  assert.deepEqual(served.routed(PLAN.key), new Set(["canary"]));
  assert.equal(served.remove(PLAN.key), true);
  assert.equal(served.remove(PLAN.key), false);
  assert.deepEqual(served.told(served.all()), [PLAN.key]);
  assert.deepEqual(served.routed(PLAN.key), new Set());
});
