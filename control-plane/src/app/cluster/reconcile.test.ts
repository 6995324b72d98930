import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resourceOf } from "../../deliver/rollout/manifests-for-tests.ts";
import type { LiveObjects, RolloutStep } from "../../deliver/rollout/rollout-step.ts";
import { createReconciler, type Reconciler, type ReconcilerOptions } from "./reconcile.ts";

const KEY = "seldon/example";
const NOTHING: LiveObjects = {
  deployments: [],
  services: [],
  autoscalers: [],
  scaledObjects: [],
  disruptionBudgets: [],
  virtualServices: [],
  destinationRules: [],
};

/** A reconciler whose steps ask to be looked at again after this; what it does for the cluster is noted. */
function reconcilerOf(againAfterMs: number | undefined, isLeader: boolean, done: string[]): Reconciler {
  const resource = resourceOf({ predictors: [] });
  const step: Partial<RolloutStep> = {
    writes: [],
    events: [],
    ...(againAfterMs === undefined ? {} : { againAfterMs }),
  };
  const note = (what: string) => () => {
    done.push(what);
    return Promise.resolve({});
  };
  const options: Partial<Record<keyof ReconcilerOptions, unknown>> = {
    caches: {
      deployment: () => resource,
      namespace: () => undefined,
      policiesFor: () => [],
      live: () => NOTHING,
      takeovers: () => [],
      put: () => undefined,
    },
    planner: { plan: () => ({ problems: [], policies: [] }), forget: () => undefined },
    secrets: { planWith: (_: string, plan: (source: unknown) => unknown) => Promise.resolve(plan(() => undefined)) },
    shelf: { update: () => undefined },
    selection: { controllerId: "", singleNamespace: false },
    settings: () => ({}),
    decide: () => ({ ...step, status: { state: "Creating" } }),
    writer: { perform: note("writes") },
    writeStatus: note("status"),
    tellPolicies: note("policies"),
    events: { record: () => undefined },
    programmed: () => undefined,
    clusterProblems: () => [],
    isLeader: () => isLeader,
  };
  return createReconciler(options as unknown as ReconcilerOptions);
}

describe("a turn", () => {
  it("of the leader is followed by the next when the step says so", async () => {
    const done: string[] = [];
    assert.equal(await reconcilerOf(250, true, done).turn(KEY), 250);
    assert.deepEqual(done, ["writes", "status", "policies"]);
    assert.equal(await reconcilerOf(undefined, true, done).turn(KEY), undefined);
  });

  it("of another replica only looks, and looks again when the time of the step is over, but not in a hurry", async () => {
    const done: string[] = [];
    assert.equal(await reconcilerOf(2000, false, done).turn(KEY), 2000);
    assert.equal(await reconcilerOf(1, false, done).turn(KEY), 1000);
    assert.equal(await reconcilerOf(undefined, false, done).turn(KEY), undefined);
    assert.deepEqual(done, []);
  });
});
