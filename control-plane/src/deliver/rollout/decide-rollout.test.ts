import assert from "node:assert/strict";
import { test } from "node:test";
import { decideRollout } from "./decide-rollout.ts";
import { planOf, resourceOf } from "./manifests-for-tests.ts";
import { SimulatedCluster } from "./simulated-cluster-for-tests.ts";

const settings = { istio: true, istioTlsMode: "", keda: false, drainMs: 5000, adopt: "keep", graphsByXds: true } as const;
test("happy", () => {
  const resource = resourceOf({ predictors: [{ name: "main", container: "classifier", image: "m:1", weight: 100, replicas: 2 }] });
  const { plan, problems } = planOf(resource);
  console.log(problems);
  const cluster = new SimulatedCluster();
  for (let turn = 0; turn < 12; turn += 1) {
    const step = decideRollout({ resource, plan, problems, live: cluster.live(), nowMs: turn * 1000, settings });
    console.log(turn, step.writes.map((w) => w.kind + " " + w.type.kind), step.status.state, step.events.map(e=>e.message));
    for (const write of step.writes) cluster.write(write);
    cluster.tick(() => 0.1);
    if (turn===11) console.log(JSON.stringify(step.status, null, 1));
  }
  assert.ok(true);
});
