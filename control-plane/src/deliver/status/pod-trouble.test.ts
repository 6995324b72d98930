import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { eventTrouble, examinePod } from "./pod-trouble.ts";

function pod(status: object): KubernetesObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { name: "iris-1" }, status };
}

function container(state: object, more: object = {}): object {
  return { name: "classifier", ready: false, restartCount: 0, state, ...more };
}

const STARTING = { phase: "Pending", conditions: [{ type: "PodScheduled", status: "True" }] };
const CRASHED = { terminated: { exitCode: 3, reason: "Error", message: "no model\nat /mnt/models" } };
const CRASH =
  "pod iris-1: container classifier: CrashLoopBackOff, exit code 3: no model at /mnt/models; " +
  "see kubectl logs iris-1 -c classifier --previous";

interface Row {
  readonly what: string;
  readonly status: object;
  /** Undefined: only events could say. */
  readonly says: string | undefined;
}

/** Statuses as kubelets of Kubernetes 1.36 write them. */
const ROWS: readonly Row[] = [
  {
    what: "no room",
    status: {
      phase: "Pending",
      conditions: [{ type: "PodScheduled", status: "False", message: "0/1 nodes are available: 1 Insufficient cpu." }],
    },
    says: "pod iris-1: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.",
  },
  {
    what: "an image that is not there",
    status: {
      ...STARTING,
      containerStatuses: [container({ waiting: { reason: "ErrImagePull", message: "x: not found" } })],
    },
    says: "pod iris-1: container classifier: ImagePullBackOff: x: not found",
  },
  {
    what: "the same between two tries",
    status: {
      ...STARTING,
      containerStatuses: [
        container({
          waiting: { reason: "ImagePullBackOff", message: 'Back-off pulling image "x": ErrImagePull: x: not found' },
        }),
      ],
    },
    says: "pod iris-1: container classifier: ImagePullBackOff: x: not found",
  },
  {
    what: "a program that ends again and again, while it waits",
    status: {
      ...STARTING,
      containerStatuses: [
        container(
          { waiting: { reason: "CrashLoopBackOff", message: "back-off 20s restarting failed container" } },
          { restartCount: 2, lastState: CRASHED },
        ),
      ],
    },
    says: CRASH,
  },
  {
    what: "the same while it runs",
    status: {
      ...STARTING,
      containerStatuses: [container({ running: {} }, { restartCount: 3, lastState: CRASHED })],
    },
    says: CRASH,
  },
  {
    what: "memory",
    status: {
      ...STARTING,
      containerStatuses: [
        container(
          { running: {} },
          { restartCount: 1, lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } },
        ),
      ],
    },
    says: "pod iris-1: container classifier: CrashLoopBackOff, exit code 137 (OOMKilled); see kubectl logs iris-1 -c classifier --previous",
  },
  {
    what: "an init container, before the containers that wait for it",
    status: {
      ...STARTING,
      initContainerStatuses: [{ ...container({ terminated: { exitCode: 1, reason: "Error" } }), name: "download" }],
      containerStatuses: [container({ waiting: { reason: "PodInitializing" } })],
    },
    says: "pod iris-1: init container download: exit code 1; see kubectl logs iris-1 -c download",
  },
  {
    what: "a Secret that is not there",
    status: {
      ...STARTING,
      containerStatuses: [
        container({ waiting: { reason: "CreateContainerConfigError", message: 'secret "keys" not found' } }),
      ],
    },
    says: 'pod iris-1: container classifier: CreateContainerConfigError: secret "keys" not found',
  },
  {
    what: "evicted",
    status: { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." },
    says: "pod iris-1: Evicted: The node was low on resource: memory.",
  },
  {
    what: "volumes that are not there yet",
    status: { ...STARTING, containerStatuses: [container({ waiting: { reason: "ContainerCreating" } })] },
    says: undefined,
  },
  {
    what: "runs, and is not ready",
    status: { ...STARTING, phase: "Running", containerStatuses: [container({ running: {} })] },
    says: undefined,
  },
  { what: "no status yet", status: {}, says: undefined },
];

for (const { what, status, says } of ROWS) {
  test(`a pod in trouble: ${what}`, () => {
    const expected = says === undefined ? { kind: "silent" } : { kind: "trouble", text: says };
    assert.deepEqual(examinePod(pod(status)), expected);
  });
}

test("a pod that is ready has no trouble, whatever happened before", () => {
  const ready = { name: "classifier", ready: true, restartCount: 4, state: { running: {} }, lastState: CRASHED };
  const conditions = [{ type: "Ready", status: "True" }];
  assert.deepEqual(examinePod(pod({ phase: "Running", conditions, containerStatuses: [ready] })), { kind: "well" });
});

test("what is said is kept short", () => {
  const message = "x".repeat(10_000);
  const found = examinePod(pod({ phase: "Failed", reason: "Evicted", message }));
  assert.ok(found.kind === "trouble" && found.text.length < 500 && found.text.endsWith("…"));
});

test("the newest warning speaks for a silent pod", () => {
  const event = (reason: string, lastTimestamp: string): KubernetesObject => {
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: reason },
      reason,
      message: `${reason} it is`,
      lastTimestamp,
    };
  };
  const events = [event("Old", "2026-01-01T00:00:00Z"), event("FailedMount", "2026-01-01T00:00:09Z")];
  assert.equal(eventTrouble(pod({}), events), "pod iris-1: FailedMount: FailedMount it is");
  assert.equal(eventTrouble(pod({}), []), undefined);
});
