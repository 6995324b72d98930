import assert from "node:assert/strict";
import { it } from "node:test";
import { desiredPredictors, type DesiredPredictor } from "./desired.ts";
import { PredictorTrack } from "./predictor-track.ts";
import { containerPlan, deploymentPlan } from "./testdata/plans.ts";
import type { Unit } from "./unit.ts";

function desired(...args: readonly string[]): DesiredPredictor {
  const containers = [containerPlan("model", { args })];
  const [only] = desiredPredictors(deploymentPlan("iris", [{ containers }]), [], "/").value;
  assert.ok(only);
  return only;
}

it("a track lets go of a revision that was given up before it served", () => {
  const units = new Map<string, Unit>();
  const run = ({ pods: [pod] }: DesiredPredictor): void => {
    assert.ok(pod);
    units.set(pod.key, {
      ...{ key: pod.key, ports: new Map(), held: [], literal: [], calls: false },
      ...{ ready: () => false, states: () => [], portsOfFailedStarts: () => [], stop: () => Promise.resolve() },
    });
  };
  const [first, second] = [desired("first"), desired("second")];
  const track = new PredictorTrack(first, (key) => units.get(key));
  run(first);
  assert.ok(track.state().next, "it is on its way up");
  track.want(second);
  units.clear();
  track.want(first);
  assert.equal(track.state().next, undefined, "nothing of the first attempt is left");
});
