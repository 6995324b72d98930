// The orchestrator goes from a pod of its own to none and back: the Simulation checks after every write and every second that
// routes lead only to pods that answer at their ports.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestDeployment, TestPredictor } from "./manifests-for-tests.ts";
import { Simulation } from "./simulation-for-tests.ts";

const MAIN: TestPredictor = { name: "main", container: "classifier", image: "model:1", weight: 100, replicas: 2 };
const NONE: TestPredictor = { ...MAIN, noEngine: true };
const SEEDS = [1, 2];

function goThrough(versions: readonly TestDeployment[]): void {
  for (const seed of SEEDS) {
    const simulation = new Simulation(seed);
    for (const version of versions) {
      simulation.edit(version);
      simulation.settle();
    }
  }
}

test("from an orchestrator in a pod of its own to none, and back", () => {
  goThrough([
    { predictors: [MAIN], separate: true },
    { predictors: [NONE], separate: true },
    { predictors: [MAIN], separate: true },
    { predictors: [NONE] },
    { predictors: [MAIN], separate: true },
  ]);
});

interface ServicePorts {
  readonly ports: readonly { readonly name: string; readonly port: number }[];
}

test("a port that routes lead to keeps its name, by which Istio finds endpoints", () => {
  const simulation = new Simulation(1);
  const namesOf = (): ReadonlyMap<number, string> => {
    const service = simulation.cluster.ofKind("Service").find((one) => one.metadata.name === "example-main");
    const { ports } = service?.["spec"] as ServicePorts;
    return new Map(ports.map((one) => [one.port, one.name]));
  };
  simulation.edit({ predictors: [MAIN] });
  simulation.settle();
  assert.equal(namesOf().get(8000), "http");
  simulation.edit({ predictors: [NONE] });
  for (let second = 0; namesOf().has(8000); second += 1) {
    assert.ok(second < 400, "the former port stays");
    assert.equal(namesOf().get(8000), "http");
    simulation.turn();
    simulation.tick();
  }
  simulation.settle();
  assert.deepEqual([namesOf().get(9000), namesOf().get(9500)], ["http-9000", "grpc-9500"]);
});

test("pods that have had an orchestrator of their own keep requests when the name of their Service changes", () => {
  goThrough([
    { predictors: [MAIN], separate: true },
    { predictors: [MAIN] },
    { predictors: [{ ...MAIN, serviceName: "other" }] },
  ]);
});

test("on the way it is not Available, and only the predictor that changes has other pods", () => {
  const canary: TestPredictor = { ...MAIN, name: "canary", weight: 50, image: "model:2" };
  const simulation = new Simulation(1);
  simulation.edit({ predictors: [{ ...MAIN, weight: 50 }, canary], separate: true });
  simulation.settle();
  simulation.edit({ predictors: [{ ...NONE, weight: 50 }, canary], separate: true }, ["main"]);
  const namesNow = (): readonly string[] => simulation.cluster.ofKind("Deployment").map((one) => one.metadata.name);
  for (let second = 0; namesNow().includes("example-main-svc-orch"); second += 1) {
    assert.ok(second < 400, "its own orchestrator stays");
    assert.equal(simulation.turn().status.state, "Creating");
    simulation.tick();
  }
  simulation.settle();
  assert.ok(namesNow().includes("example-canary-svc-orch"));
});
