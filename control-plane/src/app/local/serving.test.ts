import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { planRunning, planServing } from "./serving.ts";

/** A plan with nothing but what serving looks at; `shadow` predictors get all copies. */
function planOf(weights: Readonly<Record<string, number>>, shadows: readonly string[] = []): DeploymentPlan {
  const predictors = [...Object.keys(weights), ...shadows].map((name) => ({ name }) as PredictorPlan);
  return {
    key: "default/iris",
    predictors,
    split: Object.entries(weights).map(([predictor, weight]) => ({ predictor, weight })),
    shadows: shadows.map((predictor) => ({ predictor, percent: 100 })),
    rules: [],
    fallback: [],
  } as unknown as DeploymentPlan;
}

const readyOnly = (...names: string[]) => {
  return (_key: string, predictor: string): boolean => names.includes(predictor);
};

function weightsOf(plan: DeploymentPlan | undefined): Record<string, number> | undefined {
  return plan && Object.fromEntries(plan.split.map((entry) => [entry.predictor, entry.weight]));
}

describe("planServing", () => {
  it("serves what is wanted once all of it is ready", () => {
    const served = planServing(
      planOf({ main: 75, canary: 25 }, ["next"]),
      undefined,
      readyOnly("main", "canary", "next"),
    );
    assert.deepEqual(weightsOf(served), { main: 75, canary: 25 });
    assert.deepEqual(
      served?.predictors.map((one) => one.name),
      ["main", "canary", "next"],
    );
  });

  it("leaves a predictor out until it is ready, and a shadow too", () => {
    const served = planServing(planOf({ main: 75, canary: 25 }, ["next"]), undefined, readyOnly("main"));
    assert.deepEqual(weightsOf(served), { main: 75 });
    assert.deepEqual(served?.shadows, []);
    assert.deepEqual(
      served.predictors.map((one) => one.name),
      ["main"],
    );
  });

  it("serves nothing while nothing is ready", () => {
    assert.equal(planServing(planOf({ main: 100 }), undefined, readyOnly()), undefined);
  });

  it("does not count a ready predictor of weight 0 as serving", () => {
    assert.equal(planServing(planOf({ main: 100, canary: 0 }), undefined, readyOnly("canary")), undefined);
  });

  it("keeps the removed predictor of a rename on its share until the new one is ready", () => {
    const before = planOf({ main: 75, canary: 25 });
    const wanted = planOf({ renamed: 75, canary: 25 });
    const during = planServing(wanted, before, readyOnly("main", "canary"));
    assert.deepEqual(weightsOf(during), { canary: 25, main: 75 });
    const after = planServing(wanted, during, readyOnly("main", "canary", "renamed"));
    assert.deepEqual(weightsOf(after), { renamed: 75, canary: 25 });
  });

  it("gives the waiting share to the leaving predictors in their own proportions", () => {
    const served = planServing(planOf({ c: 40, d: 60 }), planOf({ a: 90, b: 10 }), readyOnly("a", "b", "c"));
    assert.deepEqual(weightsOf(served), { c: 40, a: 54, b: 6 });
  });

  it("keeps a weight of 0 in the split", () => {
    assert.deepEqual(weightsOf(planServing(planOf({ main: 100, next: 0 }), undefined, readyOnly("main", "next"))), {
      main: 100,
      next: 0,
    });
  });
});

describe("planRunning", () => {
  it("adds the predictors that may still get requests", () => {
    const running = planRunning(planOf({ renamed: 100 }), planOf({ main: 100 }));
    assert.deepEqual(
      running.predictors.map((one) => one.name),
      ["renamed", "main"],
    );
  });

  it("keeps a deployment that is no longer wanted running while it is served", () => {
    assert.equal(planRunning(undefined, planOf({ main: 100 })).predictors.length, 1);
  });
});
