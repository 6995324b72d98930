import assert from "node:assert/strict";
import { test } from "node:test";
import { decideRollout } from "./decide-rollout.ts";
import type { TestDeployment, TestPredictor } from "./manifests-for-tests.ts";
import { MARK, markOf } from "./marks.ts";
import type { RolloutStep } from "./rollout-step.ts";
import { Simulation } from "./simulation-for-tests.ts";

const MAIN: TestPredictor = { name: "main", container: "classifier", image: "model:1", weight: 100, replicas: 2 };
const ONE: TestDeployment = { predictors: [MAIN] };
const TWO: TestDeployment = {
  predictors: [
    { ...MAIN, weight: 75 },
    { ...MAIN, name: "canary", weight: 25 },
  ],
};
const SETTLE_MS = 5000;

function at(deployment: TestDeployment, settleMs = SETTLE_MS): Simulation {
  const simulation = new Simulation(7, { settleMs });
  simulation.edit(deployment);
  simulation.settle();
  return simulation;
}

function sharesOf(plan: RolloutStep["routes"]): unknown {
  return plan && Object.fromEntries(plan.split.map((one) => [one.predictor, one.weight]));
}

function statusOf({ status }: RolloutStep, type: string): string | undefined {
  return status.conditions.find((one) => one.type === type)?.status;
}

/** Turns until routes lead to the canary; the last of them. */
function untilRouted(simulation: Simulation): RolloutStep {
  for (let round = 0; round < 60; round += 1) {
    const step = simulation.turn();
    if (step.routes?.predictors.some((one) => one.name === "canary") === true) return step;
    simulation.tick();
  }
  assert.fail("the canary is never routed");
}

function joinedAt(simulation: Simulation): string | undefined {
  return markOf(
    simulation.cluster.ofKind("VirtualService").find((one) => one.metadata.name === "example"),
    "joinedAt",
  );
}

test("a canary is routed at once and told to filters when the time is over, also after restarts and by other replicas", () => {
  const simulation = at(ONE);
  simulation.edit(TWO);
  const first = untilRouted(simulation);
  const since = simulation.nowMs;
  assert.deepEqual(sharesOf(first.routes), { main: 75, canary: 25 });
  assert.deepEqual(sharesOf(first.meshRoutes), { main: 100 });
  assert.equal(first.againAfterMs, undefined, "the write that follows wakes everybody");
  assert.equal(decideRollout(simulation.input).againAfterMs, SETTLE_MS);
  simulation.nowMs += SETTLE_MS - 1;
  const waiting = decideRollout(simulation.input);
  assert.deepEqual(waiting.writes, []);
  assert.deepEqual(sharesOf(waiting.meshRoutes), { main: 100 });
  assert.equal(waiting.againAfterMs, 1);
  simulation.nowMs += 1;
  const told = decideRollout(simulation.input);
  assert.deepEqual([sharesOf(told.meshRoutes), told.againAfterMs], [{ main: 75, canary: 25 }, undefined]);
  assert.ok(joinedAt(simulation)?.includes(`canary=${new Date(since).toISOString()}`));
});

test("until filters are told nothing is available or programmed, and it is said why", () => {
  const simulation = at(ONE);
  simulation.edit(TWO);
  untilRouted(simulation);
  simulation.nowMs += 1000;
  const input = { ...simulation.input, programmed: { accepted: 3, subscribed: 3 } };
  const { status } = decideRollout(input);
  assert.equal(status.state, "Creating");
  for (const type of ["istioVirtualServicesReady", "Programmed"])
    assert.equal(statusOf(decideRollout(input), type), "False", type);
  assert.match(JSON.stringify(status.conditions), /given time to learn where canary answers/);
  const later = decideRollout({ ...input, nowMs: input.nowMs + SETTLE_MS });
  for (const type of ["istioVirtualServicesReady", "Programmed"]) assert.equal(statusOf(later, type), "True", type);
});

test("the only predictor is told when the time is over too; until then filters have nothing of it", () => {
  const simulation = new Simulation(7, { settleMs: SETTLE_MS });
  simulation.edit({ predictors: [{ ...MAIN, name: "canary" }] });
  assert.equal(untilRouted(simulation).meshRoutes, undefined);
  simulation.nowMs += SETTLE_MS;
  assert.deepEqual(sharesOf(decideRollout(simulation.input).meshRoutes), { canary: 100 });
});

test("who goes leaves what filters are told at once, and begins anew when it comes back", () => {
  const simulation = at(TWO);
  simulation.edit(ONE);
  assert.deepEqual(sharesOf(simulation.turn().meshRoutes), { main: 100 });
  assert.doesNotMatch(joinedAt(simulation) ?? "", /canary/);
  simulation.settle();
  simulation.edit(TWO);
  assert.deepEqual(sharesOf(untilRouted(simulation).meshRoutes), { main: 100 });
});

test("weights go to filters at once, and move no time", () => {
  const simulation = at(TWO);
  const before = joinedAt(simulation);
  simulation.edit({ predictors: TWO.predictors.map((one) => ({ ...one, weight: 50 })) });
  assert.deepEqual(sharesOf(simulation.turn().meshRoutes), { main: 50, canary: 50 });
  assert.equal(joinedAt(simulation), before);
});

test("routes that say no time were there before: nobody waits, and nothing is written", () => {
  const simulation = at(TWO, 0);
  assert.equal(joinedAt(simulation), undefined);
  const step = decideRollout({ ...simulation.input, settings: { ...simulation.settings, settleMs: SETTLE_MS } });
  assert.deepEqual(step.writes, []);
  assert.deepEqual(step.meshRoutes, step.routes);
});

test("a time that is still to come says nothing", () => {
  const simulation = at(TWO);
  const annotations = { [MARK.joinedAt]: "main=x canary=2126-01-01T00:00:00.000Z" };
  simulation.cluster.update("VirtualService/example", { metadata: { annotations } });
  const step = simulation.turn();
  assert.equal(step.againAfterMs, SETTLE_MS);
  assert.match(joinedAt(simulation) ?? "", new RegExp(`canary=${new Date(simulation.nowMs).toISOString()}`));
  simulation.settle();
});

test("who may not write waits no longer for a time that is still to come than for any other", () => {
  for (const text of ["main=x canary=2126-01-01T00:00:00.000Z", "main=x canary=x"]) {
    const simulation = at(TWO);
    const annotations = { [MARK.joinedAt]: text };
    simulation.cluster.update("VirtualService/example", { metadata: { annotations } });
    const { input } = simulation;
    const waits = [0, 1000, SETTLE_MS].map((ms) => decideRollout({ ...input, nowMs: input.nowMs + ms }).againAfterMs);
    assert.deepEqual(waits, [SETTLE_MS, SETTLE_MS - 1000, undefined], text);
  }
});

test("who may not write does not look again by time alone before somebody has", () => {
  const simulation = at(ONE);
  simulation.edit(TWO);
  const isToRoute = (): boolean => decideRollout(simulation.input).routes?.predictors.length === 2;
  for (let round = 0; round < 60 && !isToRoute(); round += 1) {
    simulation.turn();
    simulation.tick();
  }
  const step = decideRollout(simulation.input);
  assert.deepEqual([isToRoute(), sharesOf(step.meshRoutes), step.againAfterMs], [true, { main: 100 }, undefined]);
});

test("without Istio there is nobody to wait for", () => {
  const simulation = new Simulation(7, { istio: false, settleMs: SETTLE_MS });
  simulation.edit(TWO);
  simulation.settle();
  const step = simulation.turn();
  assert.deepEqual([step.againAfterMs, step.meshRoutes], [undefined, step.routes]);
});
