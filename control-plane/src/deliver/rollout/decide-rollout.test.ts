import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { problem } from "../../problem/problem.ts";
import { decideRollout } from "./decide-rollout.ts";
import { describeStep } from "./describe-step.ts";
import { resourceOf, type TestDeployment, type TestPredictor } from "./manifests-for-tests.ts";
import { MARK, markOf } from "./marks.ts";
import type { RolloutStep, Write } from "./rollout-step.ts";
import { Simulation } from "./simulation-for-tests.ts";

const MAIN: TestPredictor = { name: "main", container: "classifier", image: "model:1", weight: 100, replicas: 2 };
const CANARY: TestPredictor = { ...MAIN, name: "canary", weight: 25 };
const ONE: TestDeployment = { predictors: [MAIN] };
const TWO: TestDeployment = { predictors: [{ ...MAIN, weight: 75 }, CANARY] };

function at(deployment: TestDeployment, settings = {}): Simulation {
  const simulation = new Simulation(7, settings);
  simulation.edit(deployment);
  simulation.settle();
  return simulation;
}

function namesOf(writes: readonly Write[]): readonly string[] {
  return writes.map((one) => {
    const name = one.kind === "apply" ? one.object.metadata.name : one.key.name;
    return `${one.kind} ${one.type.kind} ${name}`;
  });
}

function find(simulation: Simulation, kind: string, name: string): KubernetesObject {
  const found = simulation.cluster.ofKind(kind).find((one) => one.metadata.name === name);
  assert.ok(found, `${kind} ${name}`);
  return found;
}

function replicasOf(simulation: Simulation, name: string): number {
  return (find(simulation, "Deployment", name)["spec"] as { readonly replicas: number }).replicas;
}

/** Weights of the entry for REST without a predictor's name: the split itself. */
function weightsOf(simulation: Simulation): Readonly<Record<string, number | undefined>> {
  const { http } = find(simulation, "VirtualService", "example")["spec"] as {
    readonly http: readonly {
      readonly route: readonly { readonly destination: { readonly subset: string }; readonly weight?: number }[];
    }[];
  };
  return Object.fromEntries((http.at(-1)?.route ?? []).map((one) => [one.destination.subset, one.weight]));
}

function edit(simulation: Simulation, deployment: TestDeployment): RolloutStep {
  simulation.edit(deployment);
  return simulation.turn();
}

test("a new deployment: what is named comes before what names it, routes wait for pods", () => {
  const simulation = new Simulation(1);
  simulation.edit(TWO);
  const step = simulation.turn();
  assert.deepEqual(namesOf(step.writes), [
    "apply Service example-main",
    "apply Service example-canary",
    "apply Service example-main-classifier",
    "apply Service example-canary-classifier",
    "apply DestinationRule example-main",
    "apply DestinationRule example-canary",
    "apply Deployment example-main-0-classifier",
    "apply Deployment example-canary-0-classifier",
  ]);
  assert.equal(step.status.state, "Creating");
  simulation.settle();
  assert.deepEqual(weightsOf(simulation), { main: 75, canary: 25 });
});

test("every object names its owner and what it was made of", () => {
  const simulation = at(ONE);
  for (const { metadata } of simulation.cluster.objects) {
    const [owner] = metadata.ownerReferences ?? [];
    assert.equal(owner?.uid, "uid-of-example");
    assert.equal(owner.controller, true);
    assert.match(metadata.annotations?.["graphway.dev/hash"] ?? "", /^[0-9a-f]{16}$/);
  }
});

test("a weight edit writes the VirtualService alone", () => {
  const simulation = at(TWO);
  const step = edit(simulation, {
    predictors: [
      { ...MAIN, weight: 10 },
      { ...CANARY, weight: 90 },
    ],
  });
  assert.deepEqual(namesOf(step.writes), ["apply VirtualService example"]);
});

test("replicas go to their Deployment alone, and leave its template", () => {
  const simulation = at(ONE);
  const step = edit(simulation, { predictors: [{ ...MAIN, replicas: 3 }] });
  assert.deepEqual(namesOf(step.writes), ["apply Deployment example-main-0-classifier"]);
  assert.deepEqual(describeStep(step, simulation.cluster.live()), [
    "update Deployment example-main-0-classifier, pods stay",
  ]);
});

test("replicas that nobody says any more stay as they are", () => {
  const simulation = at(ONE);
  simulation.edit({ predictors: [{ ...MAIN, hpa: true }] });
  simulation.settle();
  assert.equal(replicasOf(simulation, "example-main-0-classifier"), 2);
  simulation.cluster.update("Deployment/example-main-0-classifier", { spec: { replicas: 3 } });
  simulation.edit({ predictors: [{ ...MAIN, hpa: true, image: "model:2" }] });
  simulation.settle();
  assert.equal(replicasOf(simulation, "example-main-0-classifier"), 3);
});

test("what somebody changes is changed back, once; what somebody adds stays", () => {
  const simulation = at(ONE);
  simulation.cluster.update("Service/example-main", { spec: { selector: { "seldon-app": "nobody" } } });
  simulation.cluster.update("Deployment/example-main-0-classifier", { metadata: { labels: { mine: "1" } } });
  assert.deepEqual(namesOf(simulation.turn().writes), ["apply Service example-main"]);
  assert.deepEqual(simulation.turn().writes, []);
});

test("a field that is changed back at once is not written for ever", () => {
  const simulation = at(ONE);
  const fight = (): readonly Write[] => {
    simulation.cluster.update("Service/example-main", { spec: { selector: { "seldon-app": "nobody" } } });
    const { writes } = decideRollout(simulation.input);
    return writes;
  };
  simulation.cluster.update("Service/example-main", { spec: { selector: { "seldon-app": "nobody" } } });
  assert.equal(simulation.turn().writes.length, 1);
  assert.deepEqual(fight(), []);
  assert.equal(decideRollout(simulation.input).status.state, "Available");
  simulation.nowMs += 300_000;
  assert.equal(fight().length, 1);
});

test("a graph edit over xDS restarts nothing; without xDS it rolls", () => {
  const changed = { predictors: [{ ...MAIN, transformer: "t:1", parameter: "new" }] };
  const before = { predictors: [{ ...MAIN, transformer: "t:1", parameter: "old" }] };
  const names = (graphsByXds: boolean): readonly string[] => {
    const simulation = at(before, { graphsByXds });
    simulation.edit(changed);
    return describeStep(decideRollout(simulation.input), simulation.cluster.live());
  };
  const isEngine = (line: string): boolean => line.startsWith("update Deployment example-main-0");
  assert.ok(!names(true).some(isEngine));
  assert.deepEqual(names(false).filter(isEngine), ["update Deployment example-main-0-classifier, new pods"]);
});

test("the way past the orchestrators restarts nothing, and is left while pods change", () => {
  const hosts = (simulation: Simulation): readonly string[] => {
    const { http } = find(simulation, "VirtualService", "example")["spec"] as {
      readonly http: readonly { readonly route: readonly { readonly destination: { readonly host: string } }[] }[];
    };
    return (http[0]?.route ?? []).map(({ destination }) => destination.host.split(".")[0] ?? "");
  };
  const simulation = at(ONE);
  assert.deepEqual(hosts(simulation), ["example-main"]);
  const step = edit(simulation, { ...ONE, bypass: true });
  assert.deepEqual(namesOf(step.writes), [
    "apply DestinationRule example-main-classifier",
    "apply VirtualService example",
  ]);
  assert.deepEqual(hosts(simulation), ["example-main-classifier"]);
  simulation.edit({ predictors: [{ ...MAIN, container: "other" }], bypass: true });
  simulation.turn();
  assert.deepEqual(hosts(simulation), ["example-main"]);
  simulation.settle();
  assert.deepEqual(hosts(simulation), ["example-main-other"]);
  edit(simulation, { predictors: [{ ...MAIN, container: "other" }] });
  assert.deepEqual(hosts(simulation), ["example-main"]);
});

test("a canary that never starts gets no share, and freezes nothing else", () => {
  const simulation = at(ONE);
  const broken = { ...CANARY, image: "broken:1" };
  simulation.edit({ predictors: [{ ...MAIN, weight: 75 }, broken] });
  for (let round = 0; round < 30; round += 1) {
    simulation.turn();
    simulation.tick();
  }
  assert.deepEqual(weightsOf(simulation), { main: 100 });
  simulation.edit({ predictors: [{ ...MAIN, weight: 75, image: "model:2" }, broken] });
  const step = simulation.turn();
  assert.deepEqual(namesOf(step.writes), ["apply Deployment example-main-0-classifier"]);
  assert.equal(step.status.state, "Creating");
});

test("who loses all pods gives its share away, and gets it back", () => {
  const simulation = at(TWO);
  simulation.cluster.update("Deployment/example-canary-0-classifier", { status: { availableReplicas: 0 } });
  simulation.turn();
  assert.deepEqual(weightsOf(simulation), { main: 100 });
  simulation.settle();
  assert.deepEqual(weightsOf(simulation), { main: 75, canary: 25 });
});

test("a removed predictor: routes, drain, pods, Services and rules, in this order, also after restarts", () => {
  const simulation = at(TWO);
  simulation.edit(ONE);
  assert.deepEqual(namesOf(simulation.turn().writes), ["apply VirtualService example"]);
  const drain = simulation.turn(1);
  assert.deepEqual(namesOf(drain.writes), ["patch Deployment example-canary-0-classifier"]);
  assert.equal(drain.againAfterMs, 5000);
  simulation.nowMs += 4000;
  const waiting = simulation.turn();
  assert.deepEqual(waiting.writes, []);
  assert.equal(waiting.againAfterMs, 1000);
  simulation.nowMs += 1000;
  assert.deepEqual(namesOf(simulation.turn().writes), ["delete Deployment example-canary-0-classifier"]);
  simulation.settle();
});

test("nobody wants a pod: available, and the routes stay", () => {
  const simulation = at({ predictors: [{ ...MAIN, replicas: 0 }] });
  assert.equal(decideRollout(simulation.input).status.state, "Available");
  assert.deepEqual(weightsOf(simulation), { main: 100 });
});

test("a predictor that goes to sleep keeps its pods until the routes have left it", () => {
  const simulation = at(TWO);
  simulation.edit({
    predictors: [
      { ...MAIN, weight: 75 },
      { ...CANARY, replicas: 0 },
    ],
  });
  simulation.turn();
  assert.deepEqual(weightsOf(simulation), { main: 100 });
  assert.equal(replicasOf(simulation, "example-canary-0-classifier"), 2);
  simulation.settle();
  assert.equal(replicasOf(simulation, "example-canary-0-classifier"), 0);
});

test("an explainer that never starts freezes nothing", () => {
  const simulation = new Simulation(3);
  simulation.edit({ predictors: [{ ...MAIN, explainer: true }] });
  for (let round = 0; round < 30; round += 1) {
    simulation.turn();
    simulation.tick();
    for (const one of simulation.cluster.ofKind("Deployment")) {
      if (one.metadata.name.endsWith("explainer"))
        simulation.cluster.update(`Deployment/${one.metadata.name}`, { status: { availableReplicas: 0 } });
    }
  }
  assert.deepEqual(weightsOf(simulation), { main: 100 });
});

test("an invalid version without a good one before: nothing is touched, and it is said", () => {
  const resource = resourceOf(ONE, 5);
  const bad = problem("ContainerDuplicate", { severity: "error", path: "spec.predictors[1]", message: "twice" });
  const { live } = at(ONE).input;
  const settings = at(ONE).settings;
  const step = decideRollout({ resource, plan: undefined, problems: [bad], live, nowMs: 0, settings });
  assert.deepEqual(step.writes, []);
  assert.equal(step.status.state, "Failed");
  assert.equal(step.status.description, "spec.predictors[1]: twice (give each container its own name)");
  assert.equal(step.status.observedGeneration, 5);
  const conditions = Object.fromEntries(step.status.conditions.map((one) => [one.type, one.status]));
  assert.deepEqual(conditions, { Accepted: "False", Ready: "False" });
  assert.deepEqual(
    step.events.map((one) => one.reason),
    ["InternalError"],
  );
});

test("an invalid version after a good one: the good one is kept up, and both are said", () => {
  const simulation = at(ONE);
  simulation.edit({ predictors: [MAIN, MAIN] });
  simulation.cluster.update("Service/example-main", { spec: { selector: { "seldon-app": "nobody" } } });
  const step = simulation.turn();
  assert.deepEqual(namesOf(step.writes), ["apply Service example-main"]);
  assert.equal(step.status.state, "Failed");
  assert.match(step.status.description ?? "", /Duplicate.*last valid version/);
});

test("deciding again gives the same step", () => {
  const simulation = new Simulation(1);
  simulation.edit(TWO);
  assert.deepEqual(decideRollout(simulation.input), decideRollout(simulation.input));
});

test("describeStep says what a user would see", () => {
  const simulation = new Simulation(1);
  simulation.edit({ predictors: [MAIN] });
  assert.deepEqual(describeStep(decideRollout(simulation.input), simulation.cluster.live()), [
    "create Service example-main",
    "create Service example-main-classifier",
    "create DestinationRule example-main",
    "create Deployment example-main-0-classifier",
  ]);
});

test("annotations that are named like our marks are not taken for them, and all comes to rest", () => {
  const annotations = { ...Object.fromEntries(Object.values(MARK).map((key) => [key, "x"])), other: "kept" };
  for (const istio of [true, false]) {
    const simulation = at({ predictors: [{ ...MAIN, annotations }] }, { istio });
    for (const kind of ["Service", "Deployment"]) {
      for (const one of simulation.cluster.ofKind(kind)) {
        assert.equal(one.metadata.annotations?.["other"], "kept", kind);
        for (const mark of Object.keys(MARK) as (keyof typeof MARK)[]) assert.notEqual(markOf(one, mark), "x", mark);
      }
    }
  }
});
