import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planOf, resourceOf, type TestPredictor } from "../../deliver/rollout/manifests-for-tests.ts";
import type { LiveObjects, RolloutStep } from "../../deliver/rollout/rollout-step.ts";
import { createResourceStore } from "../../deliver/xds-server/resource-store.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { renderEnginePredictor } from "../../render/orchestrator/engine-predictor.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { createGraphShelf, hashOfEnginePredictor, storedGraphName } from "./graph-shelf.ts";

const KEY = "seldon/example";

function plan(more: Partial<TestPredictor> = {}, separate = false): DeploymentPlan {
  const predictor = { name: "main", container: "classifier", image: "model:1", weight: 100, ...more };
  const found = planOf(resourceOf({ predictors: [predictor], separate })).plan;
  assert.ok(found);
  return found;
}

function engineOf(one: DeploymentPlan): string {
  const [predictor] = one.predictors;
  assert.ok(predictor);
  return renderEnginePredictor(one, predictor);
}

/** A Deployment whose orchestrator was started with this. */
function host(name: string, enginePredictor: string): KubernetesObject {
  const container = {
    name: "seldon-container-engine",
    args: ["--sdep", "example", "--predictor", "main"],
    env: [{ name: "ENGINE_PREDICTOR", value: enginePredictor }],
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "seldon" },
    spec: { template: { spec: { containers: [container] } } },
  };
}

function setUp() {
  const store = createResourceStore();
  const shelf = createGraphShelf(store);
  const update = (
    newest: DeploymentPlan | undefined,
    deployments: readonly KubernetesObject[],
    step: Partial<Pick<RolloutStep, "writes" | "settledPredictors">> = {},
  ): void => {
    const live = { deployments } as unknown as LiveObjects;
    shelf.update({ key: KEY, plan: newest, live, step: { writes: [], settledPredictors: [], ...step } });
  };
  /** Version of the graph for pods that were started with it. */
  const graphFor = (enginePredictor: string): string | undefined => {
    const name = storedGraphName(`${KEY}/main`, hashOfEnginePredictor(enginePredictor));
    return store.get(TYPE.inferenceGraph, name)?.version;
  };
  return { store, shelf, update, graphFor };
}

describe("the graph of running orchestrators", () => {
  const before = plan();
  const engine = engineOf(before);

  it("changes at once when it calls nobody new", () => {
    const { update, graphFor } = setUp();
    update(before, [host("a", engine)]);
    const first = graphFor(engine);
    assert.ok(first);
    update(plan({ parameter: "2" }), [host("a", engine)]);
    assert.notEqual(graphFor(engine), first);
  });

  for (const [what, after] of [
    ["another image", plan({ image: "model:2" })],
    ["another container", plan({ container: "other" })],
    ["a node more", plan({ transformer: "transformer:1" })],
  ] as const)
    it(`stays while pods with ${what} are on their way, which get theirs`, () => {
      const { update, graphFor } = setUp();
      update(before, [host("a", engine)]);
      const [old, next] = [graphFor(engine), engineOf(after)];
      update(after, [host("a", next), host("a-old", engine)]);
      assert.equal(graphFor(engine), old);
      assert.ok(graphFor(next));
      assert.notEqual(graphFor(next), old);
    });

  it("is there before the pods that are about to be written", () => {
    const { update, graphFor } = setUp();
    const object = host("a", engine);
    const type = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true };
    update(before, [], { writes: [{ kind: "apply", type, object }] });
    assert.ok(graphFor(engine));
  });

  it("changes to what calls somebody new once all pods of the predictor are there", () => {
    const { update, graphFor } = setUp();
    update(before, [host("a", engine)]);
    const old = graphFor(engine);
    const after = plan({ transformer: "transformer:1" });
    update(after, [host("a", engine)], { settledPredictors: [] });
    assert.equal(graphFor(engine), old);
    update(after, [host("a", engine)], { settledPredictors: ["main"] });
    assert.notEqual(graphFor(engine), old);
  });

  it("never calls a container that its pods do not have: an orchestrator that leaves its own pod keeps what it has", () => {
    const { update, graphFor } = setUp();
    const apart = plan({}, true);
    const engineApart = engineOf(apart);
    update(apart, [host("a-svc-orch", engineApart)]);
    const old = graphFor(engineApart);
    assert.ok(old);
    update(before, [host("a", engine), host("a-svc-orch", engineApart)], { settledPredictors: ["main"] });
    assert.equal(graphFor(engineApart), old);
    assert.ok(graphFor(engine));
  });

  it("is not known again after a restart that finds other pods, and theirs is not made up", () => {
    const { update, graphFor } = setUp();
    update(plan({ image: "model:2" }), [host("a", engine)]);
    assert.equal(graphFor(engine), undefined);
    update(undefined, [host("a", engine)]);
    assert.equal(graphFor(engine), undefined);
  });

  it("goes with the last Deployment that had it, and with the deployment", () => {
    const { store, shelf, update, graphFor } = setUp();
    update(before, [host("a", engine)]);
    const after = plan({ image: "model:2" });
    update(after, [host("a", engineOf(after))]);
    assert.equal(graphFor(engine), undefined);
    shelf.remove(KEY);
    assert.deepEqual([...store.names(TYPE.inferenceGraph)], []);
  });

  it("is not for an ENGINE_PREDICTOR that nobody can read", () => {
    const { update, graphFor } = setUp();
    update(before, [host("a", "no graph")]);
    assert.equal(graphFor("no graph"), undefined);
  });

  it("is for pods of the Deployments that host its predictor", () => {
    const { shelf, update } = setUp();
    update(before, [host("a", engine), host("b", engine)]);
    assert.deepEqual(shelf.deploymentsOf(KEY, "main"), ["a", "b"]);
    assert.deepEqual(shelf.deploymentsOf(KEY, "other"), []);
  });
});
