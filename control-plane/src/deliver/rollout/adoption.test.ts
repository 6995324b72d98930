import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { decideRollout } from "./decide-rollout.ts";
import { planOf, resourceOf, type TestDeployment } from "./manifests-for-tests.ts";
import type { RolloutInput, RolloutStep, Write } from "./rollout-step.ts";
import { SimulatedCluster } from "./simulated-cluster-for-tests.ts";
import { SETTINGS } from "./simulation-for-tests.ts";

const ONE: TestDeployment = {
  predictors: [{ name: "main", container: "classifier", image: "model:1", weight: 100, replicas: 2 }],
};

interface Template {
  readonly spec: { readonly containers: { name: string; image: string; env: { name: string; value?: string }[] }[] };
}

function templateOf(object: KubernetesObject | undefined): Template {
  return (object?.["spec"] as { readonly template: Template }).template;
}

function step(cluster: SimulatedCluster, wanted: TestDeployment, more: Partial<RolloutInput> = {}): RolloutStep {
  const resource = resourceOf(wanted);
  return decideRollout({ resource, ...planOf(resource), live: cluster.live(), nowMs: 0, settings: SETTINGS, ...more });
}

/** A cluster as Seldon's operator leaves it: another executor image, none of our annotations, its own managed fields. */
function seldonCluster(): SimulatedCluster {
  const cluster = new SimulatedCluster();
  const managedFields = [
    { manager: "manager", operation: "Update", apiVersion: "apps/v1", fieldsV1: { "f:spec": {} } },
  ];
  for (const write of step(cluster, ONE).writes) {
    if (write.kind !== "apply") continue;
    const { annotations, ...metadata } = write.object.metadata;
    const kept = Object.entries(annotations ?? {}).filter(([name]) => !name.startsWith("graphway.dev/"));
    const object = structuredClone({
      ...write.object,
      metadata: { ...metadata, annotations: Object.fromEntries(kept), managedFields },
    });
    const engine =
      object.kind === "Deployment"
        ? templateOf(object).spec.containers.find((one) => one.name === "seldon-container-engine")
        : undefined;
    if (engine !== undefined) engine.image = "seldonio/seldon-core-executor:1.17.1";
    cluster.apply(object, "seldon");
  }
  for (let tick = 0; tick < 10; tick += 1) cluster.tick(() => 0.1);
  return cluster;
}

function deploymentWrite(writes: readonly Write[]): KubernetesObject | undefined {
  return writes.flatMap((one) => (one.kind === "apply" && one.type.kind === "Deployment" ? [one.object] : []))[0];
}

function imagesOf(object: KubernetesObject | undefined): readonly string[] {
  return templateOf(object).spec.containers.map((one) => one.image);
}

function makeAll(cluster: SimulatedCluster, { writes }: RolloutStep): void {
  for (const write of writes) cluster.write(write);
}

test("adoption: pods stay as Seldon's operator made them, managed fields become ours first", () => {
  const cluster = seldonCluster();
  const first = step(cluster, ONE);
  const live = cluster.ofKind("Deployment")[0];
  assert.deepEqual(templateOf(deploymentWrite(first.writes)), templateOf(live));
  const kinds = first.writes.filter((one) => one.type.kind === "Deployment").map((one) => one.kind);
  assert.deepEqual(kinds, ["patch", "apply"]);
  makeAll(cluster, first);
  makeAll(cluster, step(cluster, ONE));
  assert.deepEqual(step(cluster, ONE).writes, []);
  assert.equal(step(cluster, ONE).status.state, "Available");
  assert.ok(imagesOf(cluster.ofKind("Deployment")[0]).includes("seldonio/seldon-core-executor:1.17.1"));
});

test("adoption: a change that needs new pods brings ours; replicas alone do not", () => {
  const cluster = seldonCluster();
  makeAll(cluster, step(cluster, ONE));
  const [main] = ONE.predictors;
  assert.ok(main);
  const scaled = deploymentWrite(step(cluster, { predictors: [{ ...main, replicas: 3 }] }).writes);
  assert.deepEqual(templateOf(scaled), templateOf(cluster.ofKind("Deployment")[0]));
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
