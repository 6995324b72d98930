import { SimulatedPods } from "../../../deliver/rollout/simulated-pods-for-tests.ts";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { RESOURCE, type ResourceType } from "../../../kubernetes-api/resource-types.ts";
import type { FakeStore } from "../../../kubernetes-api/tests/fake-store.ts";
import { ownersIn, routeFaults } from "./route-faults-for-tests.ts";

const OWNED: readonly ResourceType[] = [
  RESOURCE.deployment,
  RESOURCE.service,
  RESOURCE.horizontalPodAutoscaler,
  RESOURCE.podDisruptionBudget,
  RESOURCE.destinationRule,
  RESOURCE.virtualService,
];
const TICK_MS = 3;
/** Pods make progress at every tick. */
const ALWAYS = 0.3;
const TICKS_TO_REST = 12;
/** Keeps a Deployment until its pods are gone. */
const FOREGROUND = "foregroundDeletion";

/** What Kubernetes' own controllers do with Deployments and with what a deleted owner leaves behind. */
export interface SimulatedControllers {
  /** Each instant at which a request could have found no pod, and after which write. */
  readonly faults: readonly string[];
  /** Starts anew with pods as the Deployments want them. */
  reset(): void;
  stop(): void;
}

export function startSimulatedControllers(store: FakeStore, namespace: string): SimulatedControllers {
  const faults: string[] = [];
  let pods = new SimulatedPods();
  let known = new Set<string>();

  function check(when: string): void {
    for (const fault of routeFaults(store, namespace, pods.available())) faults.push(`${fault}, after ${when}`);
  }

  function tickOne(deployment: KubernetesObject): void {
    const { uid = "" } = deployment.metadata;
    if (!known.has(uid)) pods.add(uid);
    known.add(uid);
    const { gone, status } = pods.tick(deployment, () => ALWAYS);
    const { metadata } = deployment;
    const key = { namespace, name: metadata.name };
    if (gone) {
      store.change(RESOURCE.deployment, key, () => ({ ...deployment, metadata: { ...metadata, finalizers: [] } }));
      return;
    }
    const finalizers = [FOREGROUND];
    if (deployment.metadata.deletionTimestamp === undefined && deployment.metadata.finalizers === undefined)
      store.change(RESOURCE.deployment, key, (live) => ({ ...live, metadata: { ...live.metadata, finalizers } }));
    if (JSON.stringify(status) !== JSON.stringify(deployment["status"]))
      store.change(RESOURCE.deployment, key, (live) => ({ ...live, status }), "status");
  }

  function tick(): void {
    collectGarbage(store, namespace);
    for (const deployment of store.list(RESOURCE.deployment, namespace)) tickOne(withReplicas(deployment));
    check("a tick");
  }

  const stopListening = store.onEntry(({ type, resource, object }) => {
    if (resource.kind !== "Deployment" || type === "DELETED")
      check(`${type.toLowerCase()} ${resource.kind} ${object.metadata.name}`);
  });
  const timer = setInterval(tick, TICK_MS);
  return {
    faults,
    reset() {
      pods = new SimulatedPods();
      known = new Set();
      for (let i = 0; i < TICKS_TO_REST; i += 1)
        for (const deployment of store.list(RESOURCE.deployment, namespace)) tickOne(withReplicas(deployment));
      faults.length = 0;
    },
    stop() {
      clearInterval(timer);
      stopListening();
    },
  };
}

function withReplicas(deployment: KubernetesObject): KubernetesObject {
  const spec = (deployment["spec"] ?? {}) as { readonly replicas?: number };
  return { ...deployment, spec: { replicas: 1, ...spec } };
}

/** Deletes what belongs to nobody any more. */
function collectGarbage(store: FakeStore, namespace: string): void {
  const owners = ownersIn(store, namespace);
  for (const type of OWNED)
    for (const { metadata } of store.list(type, namespace)) {
      const { name, deletionTimestamp, ownerReferences: [owner] = [] } = metadata;
      if (owner !== undefined && !owners.has(owner.uid) && deletionTimestamp === undefined)
        store.delete(type, { namespace, name });
    }
}
