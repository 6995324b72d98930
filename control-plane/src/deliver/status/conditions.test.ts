import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { readyOf } from "./conditions.ts";
import { deploymentsReady } from "./deployments-ready.ts";

function deployment(name: string, available: boolean): KubernetesObject {
  const condition = available
    ? { type: "Available", status: "True", message: "Deployment has minimum availability." }
    : { type: "Available", status: "False", message: "Deployment does not have minimum availability." };
  const count = available ? 1 : 0;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "seldon", generation: 1 },
    spec: { replicas: 1 },
    status: {
      observedGeneration: 1,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: count,
      availableReplicas: count,
      unavailableReplicas: 1 - count,
      conditions: [{ reason: available ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable", ...condition }],
    },
  };
}

test("the message says which Deployment is not ready", () => {
  const reports = [
    { name: "example-main-0-model", live: deployment("example-main-0-model", true), asWanted: true },
    { name: "example-main-explainer", live: deployment("example-main-explainer", false), asWanted: true },
  ];
  const waiting = deploymentsReady(reports);
  assert.equal(waiting.reason, "MinimumReplicasUnavailable");
  assert.equal(waiting.message, "example-main-explainer: Deployment does not have minimum availability.");
  assert.equal(readyOf([waiting]).message, waiting.message);
  assert.equal(deploymentsReady(reports.slice(0, 1)).message, "Deployment has minimum availability.");
});

test("what Kubernetes says of an earlier change is not the reason", () => {
  const live = deployment("example-main-0-model", true);
  const done = {
    type: "Progressing",
    status: "True",
    reason: "NewReplicaSetAvailable",
    message: 'ReplicaSet "example-main-0-model-1" has successfully progressed.',
  };
  const changed: KubernetesObject = {
    ...live,
    metadata: { ...live.metadata, generation: 2 },
    status: { ...(live["status"] as object), conditions: [done] },
  };
  const waiting = deploymentsReady([{ name: "example-main-0-model", live: changed, asWanted: true }]);
  assert.equal(waiting.reason, "DeploymentUpdating");
  assert.equal(waiting.message, "Deployment example-main-0-model is being changed");
});

test("a reason that stands alone is the message of Ready", () => {
  const missing = {
    type: "istioVirtualServicesReady",
    status: "False",
    reason: "Not all VirtualServices created",
  } as const;
  assert.deepEqual(readyOf([missing]), { ...missing, type: "Ready", message: "Not all VirtualServices created" });
});
