import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { decideRollout } from "./decide-rollout.ts";
import type { TestDeployment, TestPredictor } from "./manifests-for-tests.ts";
import { MARK, markOf } from "./marks.ts";
import type { LiveObjects, RolloutSettings, RolloutStep } from "./rollout-step.ts";
import { portsOf } from "./service-ports.ts";
import { Simulation } from "./simulation-for-tests.ts";

const MAIN: TestPredictor = { name: "main", container: "classifier", image: "model:1", weight: 100, replicas: 2 };

const WITH: TestDeployment = { predictors: [MAIN] };
const SEPARATE: TestDeployment = { ...WITH, separate: true };
const WITHOUT: TestDeployment = { predictors: [{ ...MAIN, noEngine: true, image: "model:2" }] };

const MOVES: Readonly<Record<string, readonly [TestDeployment, TestDeployment]>> = {
  "an orchestrator beside the model goes": [WITH, WITHOUT],
  "one beside the model comes": [WITHOUT, WITH],
  "one in a pod of its own goes": [SEPARATE, { ...WITHOUT, separate: true }],
  "one in a pod of its own comes": [{ ...WITHOUT, separate: true }, SEPARATE],
};

const WAYS: Readonly<Record<string, Partial<RolloutSettings>>> = {
  "by Istio": {},
  "behind our own gateway": { istio: false },
};

for (const [move, [from, to]] of Object.entries(MOVES)) {
  for (const [way, settings] of Object.entries(WAYS)) {
    test(`${move}: requests ${way} always reach a pod, though proxies learn of it late`, () => {
      for (let seed = 1; seed <= 12; seed += 1) {
        const simulation = new Simulation(seed, settings);
        for (const deployment of [from, to, from]) {
          simulation.edit(deployment);
          simulation.settle();
        }
      }
    });
  }
}

const FOREIGN = { name: "metrics", port: 9999 };

/** Somebody else has added a port to every Service, which server-side apply leaves alone. */
function withForeignPort(live: LiveObjects): LiveObjects {
  const services = live.services.map((one) => {
    const spec = one["spec"] as Readonly<Record<string, unknown>>;
    return { ...one, spec: { ...spec, ports: [...portsOf(one), FOREIGN] } };
  });
  return { ...live, services };
}

/** A turn, whatever is wrong with the routes. */
function turnOf(simulation: Simulation, see: (live: LiveObjects) => LiveObjects = (live) => live): RolloutStep {
  const { input } = simulation;
  const step = decideRollout({ ...input, live: see(input.live) });
  for (const write of step.writes) simulation.cluster.write(write);
  return step;
}

function tick(simulation: Simulation): void {
  simulation.nowMs += 1000;
  simulation.cluster.tick(() => simulation.chance());
}

function serviceOf(simulation: Simulation, name: string): KubernetesObject {
  const found = simulation.cluster.ofKind("Service").find((one) => one.metadata.name === name);
  assert.ok(found, name);
  return found;
}

function numbersOf(simulation: Simulation): readonly number[] {
  return portsOf(serviceOf(simulation, "example-main")).map((one) => one.port);
}

function at(deployment: TestDeployment, settings: Partial<RolloutSettings> = {}): Simulation {
  const simulation = new Simulation(7, settings);
  simulation.edit(deployment);
  simulation.settle();
  return simulation;
}

test("a port that somebody else has added has no drain time, and takes nothing of that of others", () => {
  const simulation = at(WITHOUT);
  assert.deepEqual(turnOf(simulation, withForeignPort).writes, []);
  const [old = 0] = numbersOf(simulation);
  simulation.edit(WITH);
  let movedAtMs: number | undefined;
  for (let round = 0; round < 200 && (movedAtMs === undefined || numbersOf(simulation).includes(old)); round += 1) {
    const { routes } = turnOf(simulation, withForeignPort);
    if (routes?.predictors[0]?.httpPort !== old) movedAtMs ??= simulation.nowMs;
    tick(simulation);
  }
  assert.ok(movedAtMs !== undefined && !numbersOf(simulation).includes(old));
  assert.ok(simulation.nowMs - movedAtMs > simulation.settings.drainMs, `${simulation.nowMs - movedAtMs} ms`);
  turnOf(simulation, withForeignPort);
  const service = serviceOf(simulation, "example-main");
  assert.deepEqual([markOf(service, "portsLeftAt"), markOf(service, "keptPorts")], [undefined, undefined]);
  assert.deepEqual(turnOf(simulation, withForeignPort).writes, []);
});

test("ports that routes leave later have a drain time of their own", () => {
  const simulation = at(WITHOUT);
  const [old = 0] = numbersOf(simulation);
  simulation.edit(WITH);
  const isLeft = (): boolean => markOf(serviceOf(simulation, "example-main"), "portsLeftAt") !== undefined;
  for (let round = 0; round < 200 && !isLeft(); round += 1) {
    turnOf(simulation);
    tick(simulation);
  }
  assert.match(markOf(serviceOf(simulation, "example-main"), "portsLeftAt") ?? "", new RegExp(`Z.* ${old}\\b`));
  const past = `${new Date(0).toISOString()} 1234`;
  simulation.cluster.update("Service/example-main", { metadata: { annotations: { [MARK.portsLeftAt]: past } } });
  turnOf(simulation);
  assert.ok(numbersOf(simulation).includes(old));
  assert.notEqual(markOf(serviceOf(simulation, "example-main"), "portsLeftAt"), past);
});

test("what was noted of other ports says nothing of those to which routes are to move", () => {
  const simulation = at(WITHOUT);
  const [old = 0] = numbersOf(simulation);
  simulation.edit(WITH);
  const note = (): string | undefined => markOf(serviceOf(simulation, "example-main"), "portsAt");
  for (let round = 0; round < 200 && note() === undefined; round += 1) {
    turnOf(simulation);
    tick(simulation);
  }
  const past = `${new Date(0).toISOString()} 1234`;
  simulation.cluster.update("Service/example-main", { metadata: { annotations: { [MARK.portsAt]: past } } });
  assert.equal(turnOf(simulation).routes?.predictors[0]?.httpPort, old);
  assert.match(note() ?? "", /Z( \d+){2}$/);
});

for (const [way, settings] of Object.entries(WAYS)) {
  test(`routes ${way} do not wait at a port where no pod answers any more`, () => {
    const model = (port: number): TestDeployment => ({ predictors: [{ ...MAIN, noEngine: true, port }] });
    const simulation = at(model(9000), { ...settings, drainMs: 60_000 });
    simulation.edit(model(9100));
    const isRenewed = (): boolean => {
      const pods = simulation.cluster.pods.available();
      const [live] = simulation.cluster.ofKind("Deployment");
      const { observedGeneration, replicas, updatedReplicas } = live?.["status"] as Readonly<Record<string, number>>;
      return (
        pods.every((one) => one.ports.includes(9100)) &&
        observedGeneration === live?.metadata.generation &&
        replicas === updatedReplicas
      );
    };
    for (let round = 0; round < 200; round += 1) {
      turnOf(simulation);
      tick(simulation);
      if (isRenewed()) break;
    }
    const ports = [1, 2, 3].map(() => turnOf(simulation).routes?.predictors[0]?.httpPort);
    assert.equal(ports.at(-1), 9100);
  });
}

test("a canary that never started, mended together with its name and port, gets no request from our own gateways where it does not answer", () => {
  const canary: TestPredictor = { ...MAIN, name: "canary", weight: 25, replicas: 1, noEngine: true };
  const both = (one: TestPredictor): TestDeployment => ({ predictors: [{ ...MAIN, weight: 75 }, one] });
  for (let seed = 1; seed <= 4; seed += 1) {
    const simulation = new Simulation(seed, { istio: false, drainMs: 60_000 });
    simulation.edit(both({ ...canary, image: "broken:1", port: 9000 }));
    for (let round = 0; round < 60; round += 1) {
      simulation.turn();
      simulation.tick();
    }
    simulation.edit(both({ ...canary, container: "renamed", port: 9100 }));
    simulation.settle();
  }
});

test("what says the ports of our own gateways goes when it is nobody's or nothing's", () => {
  const simulation = at(WITHOUT, { istio: false });
  simulation.edit(WITH);
  simulation.settle();
  assert.notEqual(markOf(serviceOf(simulation, "example-main"), "routedPorts"), undefined);
  const step = decideRollout({ ...simulation.input, settings: { ...simulation.settings, istio: true } });
  assert.match(JSON.stringify(step.writes), new RegExp(`"${MARK.routedPorts}":null`));
  simulation.cluster.update("Service/example-main", { metadata: { annotations: { [MARK.routedPorts]: "1 2" } } });
  turnOf(simulation);
  assert.equal(markOf(serviceOf(simulation, "example-main"), "routedPorts"), undefined);
});
