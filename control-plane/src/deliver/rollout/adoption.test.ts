import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { decideRollout } from "./decide-rollout.ts";
import { describeStep } from "./describe-step.ts";
import { needsManagedFields } from "./managed-fields.ts";
import { planOf, resourceOf, type TestDeployment } from "./manifests-for-tests.ts";
import type { RolloutInput, RolloutStep, Write } from "./rollout-step.ts";
import { SimulatedCluster } from "./simulated-cluster-for-tests.ts";
import { SETTINGS } from "./simulation-for-tests.ts";

const ONE: TestDeployment = {
  predictors: [{ name: "main", container: "classifier", image: "model:1", weight: 100, replicas: 2 }],
};

interface Template {
  readonly spec: { readonly containers: { name: string; image: string; env: Variable[]; ports: object[] }[] };
}

interface Variable {
  readonly name: string;
  readonly value?: string;
}

/** Undefined: a write that leaves the template alone. */
function templateOf(object: KubernetesObject | undefined): Template | undefined {
  return (object?.["spec"] as { readonly template?: Template }).template;
}

function step(cluster: SimulatedCluster, wanted: TestDeployment, more: Partial<RolloutInput> = {}): RolloutStep {
  const resource = resourceOf(wanted);
  return decideRollout({ resource, ...planOf(resource), live: cluster.live(), nowMs: 0, settings: SETTINGS, ...more });
}

/** The executor, whose port for metrics is its port for requests, and a variable that we don't write. */
function asSeldonHasIt(deployment: KubernetesObject): void {
  Object.assign(deployment.metadata.annotations ?? {}, { "seldon.io/last-applied": "a long text" });
  for (const container of templateOf(deployment)?.spec.containers ?? []) {
    container.env = [...container.env, { name: "SELDON_OF_OLD", value: "1" }];
    if (container.name !== "seldon-container-engine") continue;
    container.image = "seldonio/seldon-core-executor:1.17.1";
    container.ports = [...container.ports, { name: "metrics", containerPort: 8000 }];
  }
}

/** A cluster as Seldon's operator leaves it: another executor image, none of our annotations, its own managed fields. */
function seldonCluster(): SimulatedCluster {
  const cluster = new SimulatedCluster();
  const fieldsV1 = { "f:metadata": {}, "f:spec": { "f:replicas": {}, "f:template": {} } };
  const managedFields = [{ manager: "manager", operation: "Update", apiVersion: "apps/v1", fieldsV1 }];
  for (const write of step(cluster, ONE).writes) {
    if (write.kind !== "apply") continue;
    const { annotations, ...metadata } = write.object.metadata;
    const kept = Object.entries(annotations ?? {}).filter(([name]) => !name.startsWith("graphway.dev/"));
    const labels = { ...metadata.labels, "of-old": "yes" };
    const object = structuredClone({
      ...write.object,
      metadata: { ...metadata, labels, annotations: Object.fromEntries(kept), managedFields },
    });
    if (object.kind === "Deployment") asSeldonHasIt(object);
    cluster.create(object);
  }
  for (let tick = 0; tick < 10; tick += 1) cluster.tick(() => 0.1);
  return cluster;
}

function deploymentWrite(writes: readonly Write[]): KubernetesObject | undefined {
  return writes.flatMap((one) => (one.kind === "apply" && one.type.kind === "Deployment" ? [one.object] : []))[0];
}

function imagesOf(object: KubernetesObject | undefined): readonly string[] {
  return (templateOf(object)?.spec.containers ?? []).map((one) => one.image);
}

function variablesOf(object: KubernetesObject | undefined): readonly string[] {
  return (templateOf(object)?.spec.containers ?? []).flatMap(({ env }) => env.map((one) => one.name));
}

function makeAll(cluster: SimulatedCluster, { writes }: RolloutStep): void {
  for (const write of writes) cluster.write(write);
}

test("adoption: pods stay as Seldon's operator made them, managed fields become ours first", () => {
  const cluster = seldonCluster();
  const first = step(cluster, ONE);
  const live = cluster.ofKind("Deployment")[0];
  assert.equal(templateOf(deploymentWrite(first.writes)), undefined);
  const kinds = first.writes.filter((one) => one.type.kind === "Deployment").map((one) => one.kind);
  assert.deepEqual(kinds, ["patch", "apply"]);
  makeAll(cluster, first);
  makeAll(cluster, step(cluster, ONE));
  assert.deepEqual(step(cluster, ONE).writes, []);
  assert.equal(step(cluster, ONE).status.state, "Available");
  const adopted = cluster.ofKind("Deployment")[0];
  assert.deepEqual(templateOf(adopted), templateOf(live));
  assert.ok(adopted);
  assert.equal(adopted.metadata.annotations?.["seldon.io/last-applied"], undefined);
  assert.equal(adopted.metadata.labels?.["of-old"], undefined);
  assert.equal(needsManagedFields(adopted), true);
});

test("adoption: what would happen is told beforehand", () => {
  const cluster = seldonCluster();
  const told = (wanted: TestDeployment): readonly string[] => describeStep(step(cluster, wanted), cluster.live());
  assert.deepEqual(told(ONE), [
    "take over Service example-main",
    "take over Service example-main-classifier",
    "take over DestinationRule example-main",
    "take over Deployment example-main-0-classifier, pods stay",
  ]);
  const [main] = ONE.predictors;
  assert.ok(main);
  const edited: TestDeployment = { predictors: [{ ...main, image: "model:2" }] };
  assert.ok(told(edited).includes("take over Deployment example-main-0-classifier, new pods"));
});

test("adoption: when the pods roll, what only Seldon's operator wrote goes", () => {
  const cluster = seldonCluster();
  makeAll(cluster, step(cluster, ONE));
  assert.ok(variablesOf(cluster.ofKind("Deployment")[0]).includes("SELDON_OF_OLD"));
  const [main] = ONE.predictors;
  assert.ok(main);
  const next: TestDeployment = { predictors: [{ ...main, image: "model:2" }] };
  makeAll(cluster, step(cluster, next));
  const rolled = cluster.ofKind("Deployment")[0];
  assert.ok(rolled);
  assert.deepEqual(
    rolled.metadata.managedFields?.map((one) => one["manager"]),
    ["graphway"],
  );
  assert.equal(variablesOf(rolled).includes("SELDON_OF_OLD"), false);
  assert.equal(rolled.metadata.annotations?.["graphway.dev/adopted-template"], undefined);
  assert.equal(needsManagedFields(rolled), false);
});

test("adoption: pods that somebody changes afterwards are made as they are wanted", () => {
  const cluster = seldonCluster();
  makeAll(cluster, step(cluster, ONE));
  const template = structuredClone(templateOf(cluster.ofKind("Deployment")[0]));
  for (const container of template?.spec.containers ?? []) container.image = "model:of-somebody";
  cluster.update("Deployment/example-main-0-classifier", { spec: { template } });
  assert.ok(imagesOf(deploymentWrite(step(cluster, ONE).writes)).includes("model:1"));
});

test("adoption: Seldon's operator wrote again meanwhile", () => {
  const cluster = seldonCluster();
  makeAll(cluster, step(cluster, ONE));
  cluster.update("Deployment/example-main-0-classifier", {
    metadata: { annotations: { "seldon.io/last-applied": "a longer text" }, labels: { again: "yes" } },
  });
  makeAll(cluster, step(cluster, ONE));
  makeAll(cluster, step(cluster, ONE));
  assert.deepEqual(step(cluster, ONE).writes, []);
  assert.equal(cluster.ofKind("Deployment")[0]?.metadata.annotations?.["seldon.io/last-applied"], undefined);
});

test("adoption: a change that needs new pods brings ours; replicas alone do not", () => {
  const cluster = seldonCluster();
  makeAll(cluster, step(cluster, ONE));
  const [main] = ONE.predictors;
  assert.ok(main);
  const scaled = deploymentWrite(step(cluster, { predictors: [{ ...main, replicas: 3 }] }).writes);
  assert.ok(scaled);
  assert.equal(templateOf(scaled), undefined);
  const changed = deploymentWrite(step(cluster, { predictors: [{ ...main, image: "model:2" }] }).writes);
  assert.ok(!imagesOf(changed).includes("seldonio/seldon-core-executor:1.17.1"));
  assert.ok(imagesOf(changed).includes("model:2"));
  const graph = deploymentWrite(step(cluster, { predictors: [{ ...main, parameter: "x" }] }).writes);
  assert.ok(!imagesOf(graph).includes("seldonio/seldon-core-executor:1.17.1"), "its executor knows no xDS");
});

test("adoption: containers that look different roll at once, and so does everything with `roll`", () => {
  const cluster = seldonCluster();
  const [main] = ONE.predictors;
  assert.ok(main);
  const other = deploymentWrite(step(cluster, { predictors: [{ ...main, image: "model:2" }] }).writes);
  assert.ok(imagesOf(other).includes("model:2"));
  const rolled = deploymentWrite(step(cluster, ONE, { settings: { ...SETTINGS, adopt: "roll" } }).writes);
  assert.ok(!imagesOf(rolled).includes("seldonio/seldon-core-executor:1.17.1"));
});

test("adoption: an autoscaler keeps the number of pods when we stop saying it", () => {
  const cluster = seldonCluster();
  const [main] = ONE.predictors;
  assert.ok(main);
  makeAll(cluster, step(cluster, { predictors: [{ ...main, hpa: true }] }));
  assert.equal((cluster.ofKind("Deployment")[0]?.["spec"] as { readonly replicas: number }).replicas, 2);
});
