import assert from "node:assert/strict";
import { deployment, model, predictor, type PredictorShape } from "../runner/manifest.ts";
import { GATEWAY_PODS, withGateway, type OwnGateway } from "../runner/own-gateway.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const version2 = [[model("classifier", { version: "2" })]];
/** So many that chance leaves neither of two predictors without one. */
const USERS = 120;
/** What a policy's `sticky` does, without a policy. */
const annotations = { "graphway.dev/sticky-key": "header:x-user" };

/** A deployment that the installation of the world takes. */
function owned(world: World, predictors: Parameters<typeof deployment>[1]["predictors"]) {
  return deployment("canary", { labels: { "seldon.io/controller-id": world.namespace }, annotations, predictors });
}

function split(world: World, main: number, canary: number, replicas = 1) {
  return owned(world, [
    predictor("main", { traffic: main, replicas }),
    predictor("canary", { traffic: canary, pods: version2 }),
  ]);
}

/** Each of Envoy's workers hears of new routes by itself: one who has the new predictor has it on all connections. */
async function untilSplit(gateway: OwnGateway): Promise<void> {
  await untilTrue("every worker of the gateway has both predictors", async () => {
    for (let user = 0; user < USERS; user += 1) {
      const headers = { "x-user": `user-${user}` };
      if (rowOf(await gateway.predict("canary", headers)) !== V2) continue;
      const replies = await Promise.all(Array.from({ length: 40 }, () => gateway.predict("canary", headers)));
      return replies.every((one) => rowOf(one) === V2);
    }
    return false;
  });
}

/** Every user has one predictor, call after call, and not all have the same. */
async function usersStay(gateway: OwnGateway): Promise<void> {
  const met = new Set<string>();
  for (let user = 0; user < USERS; user += 1) {
    const replies = [1, 2, 3].map(() => gateway.predict("canary", { "x-user": `user-${user}` }));
    const rows = new Set((await Promise.all(replies)).map(rowOf));
    assert.equal(rows.size, 1, `user ${user} was answered ${[...rows].join(" and ")}`);
    for (const row of rows) met.add(row);
  }
  assert.deepEqual([...met].sort(), [V1, V2]);
}

export const scenarios: readonly Scenario[] = [
  {
    name: "gateway/moves",
    shows:
      "without Istio: a canary comes, users stay, weights and replicas move, predictors leave, and no request fails",
    timeoutMs: 480_000,
    run: (world) =>
      withGateway(world, async (gateway) => {
        await world.apply(owned(world, [predictor("main")]));
        await world.untilAvailable("canary");
        await gateway.untilAnswered("canary");
        const load = gateway.load("canary");
        await world.apply(split(world, 75, 25));
        await load.untilAnswer(V2);
        await untilSplit(gateway);
        await usersStay(gateway);
        await world.apply(split(world, 25, 75, 2));
        await world.untilAvailable("canary");
        await load.more(200);
        await world.apply(split(world, 0, 100));
        await world.untilAvailable("canary");
        await world.apply(owned(world, [predictor("canary", { pods: version2 })]));
        await world.untilGone("Deployment", "canary-main-0-classifier");
        await load.more(100);
        const { calls } = await load.stopFlawless([V1, V2]);
        world.note(`${calls} requests`);
      }),
  },
  {
    name: "gateway/control-plane-away",
    shows:
      "without a control plane gateways serve on, an Envoy and its agent that start anew too, and then hear of what changed",
    timeoutMs: 480_000,
    run: (world) =>
      withGateway(world, async (gateway) => {
        await world.apply(split(world, 50, 50));
        await world.untilAvailable("canary");
        await gateway.untilAnswered("canary");
        const away = gateway.load("canary");
        await gateway.scale("graphway-control-plane", 0);
        await away.more(200);
        const before = await away.stopFlawless([V1, V2]);
        for (const container of ["agent", "envoy"] as const) {
          await gateway.restart(container);
          await gateway.untilSteady("canary");
        }
        const after = gateway.load("canary");
        await after.more(200);
        await gateway.scale("graphway-control-plane", 1);
        await world.apply(split(world, 0, 100));
        await world.untilAvailable("canary");
        await untilTrue("the new weights hold", async () => {
          const rows = await Promise.all(Array.from({ length: 20 }, () => gateway.predict("canary")));
          return rows.every((one) => rowOf(one) === V2);
        });
        const { calls } = await after.stopFlawless([V1, V2]);
        world.note(`${before.calls + calls} requests`);
      }),
  },
  {
    name: "gateway/rolling",
    shows: "the gateways' own pods are replaced, and no request fails",
    timeoutMs: 480_000,
    run: (world) =>
      withGateway(world, async (gateway) => {
        await world.apply(owned(world, [predictor("main")]));
        await world.untilAvailable("canary");
        await gateway.untilAnswered("canary");
        const load = gateway.load("canary");
        await world.kubectl("rollout", "restart", "deployment/graphway-gateway");
        await world.kubectl("rollout", "status", "deployment/graphway-gateway", "--timeout=170s");
        await untilTrue("one pod is left", async () => (await world.list("Pod", GATEWAY_PODS)).length === 1);
        await load.more(100);
        const { calls } = await load.stopFlawless([V1]);
        world.note(`${calls} requests`);
      }),
  },
  {
    name: "gateway/ports",
    shows: "without Istio: an orchestrator leaves a pod of its own for none, and comes back, and no request fails",
    timeoutMs: 480_000,
    run: (world) =>
      withGateway(world, async (gateway) => {
        const separate = { "seldon.io/engine-separate-pod": "true" };
        const labels = { "seldon.io/controller-id": world.namespace };
        const one = (shape: PredictorShape) =>
          deployment("canary", { labels, annotations: separate, predictors: [predictor("main", shape)] });
        await world.apply(one({}));
        await world.untilAvailable("canary");
        await gateway.untilAnswered("canary");
        const load = gateway.load("canary");
        await world.apply(one({ pods: version2, annotations: { "seldon.io/no-engine": "true" } }));
        await load.untilAnswer(V2);
        await world.untilAvailable("canary");
        await load.untilNoMore(V1);
        await world.apply(one({}));
        await load.untilAnswer(V1);
        await world.untilAvailable("canary");
        await load.untilNoMore(V2);
        const { calls } = await load.stopFlawless([V1, V2]);
        world.note(`${calls} requests`);
      }),
  },
];
