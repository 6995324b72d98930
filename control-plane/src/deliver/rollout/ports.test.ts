import { test } from "node:test";
import type { TestDeployment, TestPredictor } from "./manifests-for-tests.ts";
import type { RolloutSettings } from "./rollout-step.ts";
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
