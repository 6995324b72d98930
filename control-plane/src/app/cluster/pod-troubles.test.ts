import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { LiveObjects } from "../../deliver/rollout/rollout-step.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { startFakeApiServer, type FakeApiServer } from "../../kubernetes-api/tests/fake-api-server.ts";
import { SteppedClock } from "../../kubernetes-api/tests/stepped-clock.ts";
import { until } from "../../kubernetes-api/tests/until.ts";
import { findPodTroubles, type PodTroubleFinder } from "./pod-troubles.ts";

const KEY = "models/iris";
const NAME = "iris-main-0-classifier";

let api: FakeApiServer;
let clock: SteppedClock;
let finder: PodTroubleFinder;
let changes: string[];
let forbidden: number;
let isLeader: boolean;

beforeEach(async () => {
  api = await startFakeApiServer();
  clock = new SteppedClock();
  [changes, forbidden, isLeader] = [[], 0, true];
  finder = findPodTroubles({
    client: api.client(),
    clock,
    isLeader: () => isLeader,
    onChange: (key) => changes.push(key),
    onForbidden: () => (forbidden += 1),
    reportError: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
});

afterEach(async () => {
  await finder.stop();
  assert.equal(clock.timers, 0);
  await api.stop();
});

function live(more: { readonly generation?: number; readonly available?: number } = {}): { live: LiveObjects } {
  const { generation = 1, available = 0 } = more;
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: NAME, namespace: "models", uid: "d-1", generation },
    spec: { replicas: 1, selector: { matchLabels: { app: NAME } } },
    status: { observedGeneration: generation, replicas: 1, updatedReplicas: 1, availableReplicas: available },
  };
  const none: readonly KubernetesObject[] = [];
  return {
    live: {
      deployments: [deployment],
      services: none,
      autoscalers: none,
      scaledObjects: none,
      disruptionBudgets: none,
      virtualServices: none,
      destinationRules: none,
    },
  };
}

function putPod(
  name: string,
  waiting: object,
  app = NAME,
  creationTimestamp = "2026-01-01T00:00:00Z",
): KubernetesObject {
  const containerStatuses = [{ name: "classifier", ready: false, state: { waiting } }];
  const metadata = { name, namespace: "models", labels: { app }, creationTimestamp };
  return api.objects.put(RESOURCE.pod, { apiVersion: "v1", kind: "Pod", metadata, status: { containerStatuses } });
}

const lists = (): number => api.requests.filter(({ verb, kind }) => verb === "list" && kind === "Pod").length;

/** Goes on until pods were asked for so often, and what was said of them is known. */
async function asked(times: number): Promise<void> {
  await until(() => lists() >= times);
  await until(() => clock.timers > 0);
  await clock.advance(25);
}

test("pods are asked about a while after a Deployment is not complete, and the status is looked at anew", async () => {
  putPod("other", { reason: "InvalidImageName" }, "other");
  putPod("iris-old", { reason: "InvalidImageName" }, NAME, "2025-01-01T00:00:00Z");
  putPod("iris-new", { reason: "CreateContainerConfigError", message: 'secret "keys" not found' });
  finder.onLook({ key: KEY, ...live() });
  await clock.advance(3_900);
  assert.equal(lists(), 0);
  await clock.advance(200);
  await asked(1);
  await until(() => changes.length === 1);
  const text = 'pod iris-new: container classifier: CreateContainerConfigError: secret "keys" not found';
  assert.deepEqual(finder.of(KEY), new Map([[NAME, text]]));
  // The same again is nothing to tell.
  finder.onLook({ key: KEY, ...live() });
  await until(() => clock.timers > 0);
  await clock.advance(8_000);
  await asked(2);
  assert.equal(changes.length, 1);
});

test("a pod that says nothing is asked about by its events, and by its own alone", async () => {
  const pod = putPod("iris-1", { reason: "ContainerCreating" });
  const event = (name: string, uid: string | undefined, type: string, message: string): void => {
    const more = {
      involvedObject: { uid },
      type,
      reason: "FailedMount",
      message,
      lastTimestamp: "2026-01-01T00:00:00Z",
    };
    api.objects.put(RESOURCE.event, {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace: "models" },
      ...more,
    });
  };
  event("a", pod.metadata.uid, "Warning", 'configmap "missing" not found');
  event("b", "another", "Warning", "another's");
  event("c", pod.metadata.uid, "Normal", "pulled");
  finder.onLook({ key: KEY, ...live() });
  await clock.advance(4_000);
  await asked(1);
  await until(() => finder.of(KEY)?.size === 1);
  assert.equal(finder.of(KEY)?.get(NAME), 'pod iris-1: FailedMount: configmap "missing" not found');
});

test("a new version, or pods that came, leave nothing known; nobody asks for complete Deployments", async () => {
  putPod("iris-1", { reason: "InvalidImageName" });
  finder.onLook({ key: KEY, ...live() });
  await clock.advance(4_000);
  await asked(1);
  await until(() => finder.of(KEY)?.size === 1);
  finder.onLook({ key: KEY, ...live({ generation: 2 }) });
  assert.equal(finder.of(KEY)?.size, 0);
  finder.onLook({ key: KEY, ...live({ generation: 2, available: 1 }) });
  assert.equal(finder.of(KEY), undefined);
  await clock.advance(600_000);
  assert.equal(lists(), 1);
});

test("who does not write does not ask", async () => {
  isLeader = false;
  finder.onLook({ key: KEY, ...live() });
  await clock.advance(120_000);
  assert.equal(lists(), 0);
});

test("where pods may not be read that is told once, and nobody asks for five minutes", async () => {
  api.fail({ verb: "list", kind: "Pod", status: 403, times: 100 });
  finder.onLook({ key: KEY, ...live() });
  await clock.advance(4_000);
  await until(() => forbidden === 1);
  await until(() => clock.timers > 0);
  await clock.advance(290_000);
  assert.deepEqual([lists(), forbidden], [1, 1]);
  await clock.advance(60_000);
  await until(() => forbidden === 2);
});
