import assert from "node:assert/strict";
import { test } from "node:test";
import { decideRollout } from "../rollout/decide-rollout.ts";
import type { TestDeployment, TestPredictor } from "../rollout/manifests-for-tests.ts";
import type { RolloutInput } from "../rollout/rollout-step.ts";
import { Simulation } from "../rollout/simulation-for-tests.ts";
import type { Condition, ConditionType, SeldonDeploymentStatus } from "./seldon-status.ts";

const MAIN: TestPredictor = { name: "main", container: "classifier", image: "model:1", weight: 100, replicas: 1 };

function at(deployment: TestDeployment, settings = {}): Simulation {
  const simulation = new Simulation(5, settings);
  simulation.edit(deployment);
  simulation.settle();
  return simulation;
}

function statusOf(simulation: Simulation, more: Partial<RolloutInput> = {}): SeldonDeploymentStatus {
  return decideRollout({ ...simulation.input, ...more }).status;
}

function condition(status: SeldonDeploymentStatus, type: ConditionType): Condition | undefined {
  return status.conditions.find((one) => one.type === type);
}

interface Row {
  readonly type: ConditionType;
  readonly bare: string | undefined;
  readonly full: string | undefined;
}

/** Reasons as Seldon 1.17.1 gives them: with nothing but a model and no Istio, and with everything. */
const REASONS: readonly Row[] = [
  { type: "DeploymentsReady", bare: "MinimumReplicasAvailable", full: "MinimumReplicasAvailable" },
  { type: "ServicesReady", bare: "All services created", full: "All services created" },
  { type: "istioVirtualServicesReady", bare: "No VirtualServices defined", full: "All VirtualServices created" },
  { type: "HpasReady", bare: "No HPAs defined", full: "All HPAs resources ready" },
  { type: "PdbsReady", bare: "No PDBs defined", full: "All PDBs resources ready" },
  { type: "KedaReady", bare: "No KEDA resources defined", full: "No KEDA resources defined" },
  {
    type: "AmbassadorMappingsReady",
    bare: "No Ambassador Mappaings defined",
    full: "No Ambassador Mappaings defined",
  },
  { type: "Ready", bare: undefined, full: undefined },
];

test("conditions and their reasons when all is as wanted", () => {
  const bare = statusOf(at({ predictors: [MAIN] }, { istio: false }));
  const full = statusOf(at({ predictors: [{ ...MAIN, hpa: true, pdb: true }] }));
  for (const row of REASONS) {
    assert.equal(condition(bare, row.type)?.status, "True", row.type);
    assert.equal(condition(full, row.type)?.status, "True", row.type);
    assert.equal(condition(bare, row.type)?.reason, row.bare);
    assert.equal(condition(full, row.type)?.reason, row.full);
  }
});

test("what a status says besides", () => {
  const status = statusOf(at({ predictors: [{ ...MAIN, explainer: true, replicas: 2 }] }));
  const { conditions } = status;
  assert.deepEqual(status, {
    conditions,
    state: "Available",
    observedGeneration: 1,
    replicas: 2,
    deploymentStatus: {
      "example-main-0-classifier": { replicas: 2, availableReplicas: 2 },
      "example-main-explainer": { replicas: 1, availableReplicas: 1 },
    },
    serviceStatus: {
      "example-main": {
        svcName: "example-main",
        httpEndpoint: "example-main.seldon:8000",
        grpcEndpoint: "example-main.seldon:5001",
      },
      "example-main-classifier": {
        svcName: "example-main-classifier",
        httpEndpoint: "example-main-classifier.seldon:9000",
        grpcEndpoint: "example-main-classifier.seldon:9500",
      },
      "example-main-explainer": {
        svcName: "example-main-explainer",
        httpEndpoint: "example-main-explainer.seldon:9000",
        explainerFor: "example-main",
      },
    },
    address: { url: "http://example-main.seldon.svc.cluster.local:8000/api/v1.0/predictions" },
  });
});

const PATHS = {
  seldon: "/api/v1.0/predictions",
  tensorflow: "/v1/models/classifier:predict",
  v2: "/v2/models/classifier/infer",
};

for (const [protocol, path] of Object.entries(PATHS)) {
  test(`the address speaks ${protocol}`, () => {
    const simulation = new Simulation(5);
    simulation.edit({ predictors: [MAIN], protocol });
    assert.equal(statusOf(simulation).address?.url, `http://example-main.seldon.svc.cluster.local:8000${path}`);
  });
}

test("not available before the routes are, nor from a status that is about an older spec", () => {
  const simulation = new Simulation(5);
  simulation.edit({ predictors: [MAIN] });
  simulation.turn();
  for (let round = 0; round < 12; round += 1) simulation.tick();
  const before = statusOf(simulation);
  assert.equal(condition(before, "DeploymentsReady")?.status, "True");
  assert.equal(condition(before, "istioVirtualServicesReady")?.reason, "Not all VirtualServices created");
  assert.equal(before.state, "Creating");
  simulation.settle();
  simulation.edit({ predictors: [{ ...MAIN, image: "model:2" }] });
  assert.equal(statusOf(simulation).state, "Creating");
  simulation.turn();
  assert.equal(statusOf(simulation).state, "Creating");
});

test("given up: failed in Seldon's words", () => {
  const simulation = new Simulation(5);
  simulation.edit({ predictors: [{ ...MAIN, image: "broken:1" }] });
  for (let round = 0; round < 80; round += 1) {
    simulation.turn();
    simulation.tick();
  }
  const status = statusOf(simulation);
  assert.equal(status.state, "Failed");
  assert.equal(status.description, "Deployment is no longer progressing and not available.");
  assert.equal(condition(status, "DeploymentsReady")?.reason, "MinimumReplicasUnavailable");
  const known = statusOf(simulation, { podTroubles: new Map([["example-main-0-classifier", TROUBLE]]) });
  assert.equal(known.description, `${status.description ?? ""} ${TROUBLE}`);
});

const TROUBLE = "pod example-1: container classifier: ImagePullBackOff: x: not found";

test("why pods do not come up is part of the message, and Kubernetes' reason stays", () => {
  const simulation = new Simulation(5);
  simulation.edit({ predictors: [{ ...MAIN, image: "broken:1" }] });
  for (let round = 0; round < 10; round += 1) {
    simulation.turn();
    simulation.tick();
  }
  const podTroubles = new Map([["example-main-0-classifier", TROUBLE]]);
  const status = statusOf(simulation, { podTroubles });
  for (const type of ["DeploymentsReady", "Ready"] as const) {
    const { reason, message = "" } = condition(status, type) ?? {};
    assert.equal(reason, "MinimumReplicasUnavailable");
    assert.ok(message.startsWith("example-main-0-classifier: ") && message.endsWith(`: ${TROUBLE}`), message);
  }
  const unsaid = condition(statusOf(simulation, { podTroubles: new Map([["another", TROUBLE]]) }), "Ready");
  assert.doesNotMatch(unsaid?.message ?? "", /ImagePullBackOff/);
});

test("times move only when a condition's status does", () => {
  const simulation = at({ predictors: [MAIN] });
  const first = statusOf(simulation);
  const later = { nowMs: simulation.nowMs + 60_000, resource: { ...simulation.input.resource, status: first } };
  assert.deepEqual(statusOf(simulation, later), first);
  const said = statusOf(simulation, { ...later, programmed: { accepted: 0, subscribed: 1 } });
  for (const one of said.conditions) {
    const same = one.lastTransitionTime === condition(first, one.type)?.lastTransitionTime;
    assert.equal(same, one.type !== "Programmed", one.type);
  }
});

test("programmed: unknown, pending, done", () => {
  const simulation = at({ predictors: [MAIN] });
  const said = (accepted: number, subscribed: number): string | undefined =>
    condition(statusOf(simulation, { programmed: { accepted, subscribed } }), "Programmed")?.status;
  assert.equal(condition(statusOf(simulation), "Programmed")?.status, "Unknown");
  assert.deepEqual([said(0, 0), said(1, 2), said(2, 2)], ["Unknown", "False", "True"]);
});
