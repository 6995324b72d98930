import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resourceOf } from "../../deliver/rollout/manifests-for-tests.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { createPlanner, type PlannerInput } from "./planner.ts";
import { plannerSettings } from "./planner-settings.ts";
import { portsInUse } from "./ports-in-use.ts";
import { isOurs } from "./selection.ts";
import { readSettings } from "./settings/read-settings.ts";

const KEY = "seldon/example";

function settings() {
  const read = readSettings([], { RELATED_IMAGE_EXPLAINER: "explainer:9" });
  assert.equal(read.kind, "settings");
  return read.settings;
}

function configMap(data: Readonly<Record<string, string>>): KubernetesObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "seldon-config" }, data };
}

const predictor = { name: "main", container: "classifier", image: "model:1", weight: 100 };
const good = resourceOf({ predictors: [predictor] });
const bad = { ...good, spec: { predictors: [] } };

describe("a planner", () => {
  const input = (resource: KubernetesObject) => ({
    key: KEY,
    resource,
    policies: [],
    portsInUse: () => undefined,
    credentialsOf: () => [],
  });
  const make = () => createPlanner(plannerSettings(settings(), () => undefined));

  it("keeps the last good plan of an invalid version, and says what is wrong", () => {
    const planner = make();
    const { plan } = planner.plan(input(good));
    assert.ok(plan);
    const planned = planner.plan(input(bad));
    assert.equal(planned.plan, plan);
    assert.ok(planned.problems.some(({ severity }) => severity === "error"));
  });

  it("plans orchestrators beside their models where it is asked to, once, and of the last good version", () => {
    const planner = make();
    const separate = resourceOf({ predictors: [predictor], separate: true });
    const { plan, planBeside } = planner.plan(input(separate));
    assert.equal(plan?.predictors[0]?.orchestrator, "separate");
    const beside = planBeside?.(["main"]);
    assert.equal(beside?.predictors[0]?.orchestrator, "sidecar");
    assert.equal(planBeside?.(["main"]), beside);
    assert.equal(planBeside([])?.predictors[0]?.orchestrator, "separate");
    const after = planner.plan(input(bad)).planBeside?.(["main"]);
    assert.equal(after?.predictors[0]?.orchestrator, "sidecar");
  });

  it("knows none of an object made anew under the name, nor of one that is forgotten", () => {
    const planner = make();
    planner.plan(input(good));
    const anew = { ...bad, metadata: { ...bad.metadata, uid: "another" } };
    assert.equal(planner.plan(input(anew)).plan, undefined);
    planner.forget(KEY);
    assert.equal(planner.plan(input(bad)).plan, undefined);
  });
});

describe("a planner that is asked again", () => {
  const input = {
    key: KEY,
    resource: good,
    policies: [],
    portsInUse: () => undefined,
    credentialsOf: () => [],
  } satisfies PlannerInput;
  const policy = {
    apiVersion: "graphway.dev/v1alpha1",
    kind: "RoutePolicy",
    metadata: { name: "sticky", namespace: "seldon" },
    spec: { targetRef: { kind: "SeldonDeployment", name: "example" }, sticky: { header: "x-user" } },
  };
  const edited = resourceOf({ predictors: [{ ...predictor, image: "model:2" }] });
  const current = plannerSettings(settings(), () => undefined);
  const [of, anew] = [current(), { ...current() }];

  it("plans only what changed", () => {
    const answers = [
      ["a status", { ...input, resource: { ...structuredClone(good), status: { state: "Available" } } }, true],
      ["a version", { ...input, resource: { ...good, metadata: { ...good.metadata, resourceVersion: "9" } } }, true],
      ["a spec", { ...input, resource: edited }, false],
      ["a label", { ...input, resource: { ...good, metadata: { ...good.metadata, labels: { a: "b" } } } }, false],
      ["a policy", { ...input, policies: [policy] }, false],
      ["a port in use", { ...input, portsInUse: () => ({ http: 9555 }) }, false],
    ] as const satisfies readonly (readonly [string, PlannerInput, boolean])[];
    for (const [what, next, isSame] of answers) {
      const planner = createPlanner(() => of);
      const before = planner.plan(input);
      assert.equal(planner.plan(next) === before, isSame, what);
      assert.equal(planner.plan(next), planner.plan(next), what);
    }
  });

  it("plans anew by other settings, and keeps the plan where it says the same", () => {
    let found = of;
    const planner = createPlanner(() => found);
    const before = planner.plan(input);
    found = anew;
    const after = planner.plan(input);
    assert.notEqual(after, before);
    assert.equal(after.plan, before.plan);
  });

  it("asks again what it asked for, so that what is out of date is read again", () => {
    const asked: string[] = [];
    const credentialsOf = (account: string) => {
      asked.push(account);
      return [];
    };
    const graph = { name: "classifier", implementation: "SKLEARN_SERVER", modelUri: "s3://models/iris" };
    const spec = { predictors: [{ name: "main", graph: { ...graph, serviceAccountName: "downloader" } }] };
    const planner = createPlanner(() => of);
    const resource = { ...good, spec };
    const before = planner.plan({ ...input, resource, credentialsOf });
    const once = asked.length;
    assert.ok(once > 0);
    assert.equal(planner.plan({ ...input, resource, credentialsOf }), before);
    assert.equal(asked.length, 2 * once);
    const secret = { name: "s3", keys: ["awsAccessKeyID", "awsSecretAccessKey"] };
    assert.notEqual(planner.plan({ ...input, resource, credentialsOf: () => [secret] }), before);
  });
});

describe("seldon-config", () => {
  it("counts when it changes, variables win, and what can't be read keeps what it said", () => {
    let found = configMap({ storageInitializer: '{"image": "init:1"}', explainer: '{"image": "explainer:1"}' });
    const current = plannerSettings(settings(), () => found);
    assert.equal(current().options.workloads.storageInitializer.image, "init:1");
    assert.equal(current().options.workloads.explainer.image, "explainer:9");
    assert.equal(current(), current());
    found = configMap({ storageInitializer: "{" });
    assert.equal(current().options.workloads.storageInitializer.image, "init:1");
    assert.deepEqual(
      current().problems.map(({ code }) => code),
      ["SeldonConfigInvalid"],
    );
    found = configMap({ predictor_servers: '{"MY_SERVER":{"protocols":{"seldon":{"image":"mine"}}}}' });
    assert.deepEqual(Object.keys(current().model.predictorServers), ["MY_SERVER"]);
    assert.deepEqual(current().problems, []);
  });
});

describe("ports in use", () => {
  const env = (...pairs: readonly (readonly [string, string])[]) => pairs.map(([name, value]) => ({ name, value }));
  const deployment = (...containers: readonly object[]): KubernetesObject => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "d" },
    spec: { template: { spec: { containers } } },
  });

  it("are what containers are told, by predictor and name", () => {
    const told = portsInUse([
      deployment(
        {
          name: "classifier",
          env: env(
            ["PREDICTOR_ID", "canary"],
            ["PREDICTIVE_UNIT_HTTP_SERVICE_PORT", "9001"],
            ["PREDICTIVE_UNIT_METRICS_SERVICE_PORT", "6001"],
          ),
        },
        { name: "stranger" },
        { name: "odd", env: env(["PREDICTOR_ID", "canary"], ["PREDICTIVE_UNIT_GRPC_SERVICE_PORT", "-1"]) },
      ),
    ]);
    assert.deepEqual(told("canary", "classifier"), { http: 9001, metrics: 6001 });
    assert.equal(told("main", "classifier"), undefined);
    assert.equal(told("canary", "stranger"), undefined);
    assert.equal(told("canary", "odd"), undefined);
  });
});

describe("a SeldonDeployment is ours", () => {
  const labelled = (id?: string): KubernetesObject => ({
    apiVersion: "v1",
    kind: "x",
    metadata: { name: "x", ...(id === undefined ? {} : { labels: { "seldon.io/controller-id": id } }) },
  });
  for (const [resource, namespace, controllerId, singleNamespace, expected] of [
    [undefined, undefined, "", false, true],
    ["", "", "", false, true],
    ["a", undefined, "a", false, true],
    ["a", undefined, "", false, false],
    [undefined, undefined, "a", false, false],
    [undefined, "other", "", false, false],
    [undefined, "other", "", true, true],
    ["a", "other", "a", false, false],
  ] as const)
    it(`${String(expected)}: it says ${resource ?? "nothing"}, its namespace ${namespace ?? "nothing"}, we are ${controllerId || "nobody"}${singleNamespace ? " with one namespace" : ""}`, () => {
      assert.equal(isOurs(labelled(resource), labelled(namespace), { controllerId, singleNamespace }), expected);
    });
});
