import assert from "node:assert/strict";
import { deployment, model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { until, untilTrue } from "../runner/until.ts";
import type { World } from "../runner/world.ts";

async function replicasOf(world: World, name: string): Promise<unknown> {
  return (await world.get("Deployment", name))?.spec?.["replicas"];
}

async function untilReplicas(world: World, wanted: Readonly<Record<string, number>>): Promise<void> {
  let seen: Readonly<Record<string, unknown>> = {};
  await untilTrue(
    `replicas are ${JSON.stringify(wanted)}`,
    async () => {
      const names = Object.keys(wanted);
      const counts = await Promise.all(names.map((name) => replicasOf(world, name)));
      seen = Object.fromEntries(names.map((name, i) => [name, counts[i]]));
      return names.every((name) => seen[name] === wanted[name]);
    },
    { describe: () => JSON.stringify(seen) },
  );
}

export const scenarios: readonly Scenario[] = [
  {
    name: "scale/precedence",
    shows: "replicas of the pod win over the predictor's, those over the deployment's",
    async run(world) {
      const two = predictor("example", {
        traffic: 50,
        replicas: 2,
        pods: [[model("classifier")], [model("classifier2")]],
        graph: { name: "classifier", type: "MODEL", children: [{ name: "classifier2", type: "MODEL" }] },
      });
      const pods = two["componentSpecs"] as Record<string, unknown>[];
      const other = predictor("example2", { traffic: 50, pods: [[model("classifier3")]] });
      const shape = deployment("test-replicas", {
        replicas: 1,
        predictors: [{ ...two, componentSpecs: [pods[0], { ...pods[1], replicas: 3 }] }, other],
      });
      await world.apply(shape);
      await untilReplicas(world, {
        "test-replicas-example-0-classifier": 2,
        "test-replicas-example-1-classifier2": 3,
        "test-replicas-example2-0-classifier3": 1,
      });
      await world.untilAvailable("test-replicas");
    },
  },
  {
    name: "scale/kubectl-scale",
    shows: "kubectl scale sdep changes the pods' number, restarts none, and status.replicas follows",
    async run(world) {
      await world.apply(deployment("scaled", { replicas: 1, predictors: [predictor("default")] }));
      await world.untilAvailable("scaled");
      const [pod] = await world.podUids("scaled-default");
      await world.kubectl("scale", "sdep/scaled", "--replicas=2");
      await world.untilAvailable("scaled");
      const pods = await world.podUids("scaled-default");
      assert.equal(pods.length, 2);
      assert.ok(pods.includes(pod ?? ""), "the pod was restarted");
      await until("status.replicas is 2", async () => {
        const { status } = await world.need("SeldonDeployment", "scaled");
        return status?.["replicas"] === 2 ? true : undefined;
      });
    },
  },
];
