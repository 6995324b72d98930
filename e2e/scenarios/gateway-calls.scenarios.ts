import assert from "node:assert/strict";
import { deployment, model, predictor, type PredictorShape } from "../runner/manifest.ts";
import { GATEWAY_PODS, withGateway, type OwnGateway } from "../runner/own-gateway.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const NAME = "canary";
const version2 = [[model("classifier", { version: "2" })]];
const NOTHING = new Uint8Array();
/** ServerReflectionRequest that asks for the names of all services. */
const LIST_SERVICES = Uint8Array.from([0x3a, 1, 0x2a]);
/** HealthCheckResponse that says SERVING. */
const SERVING = Buffer.from([0x08, 1]);

function split(world: World, main: PredictorShape, canary: PredictorShape) {
  return deployment(NAME, {
    labels: { "seldon.io/controller-id": world.namespace },
    predictors: [predictor("main", main), predictor("canary", { pods: version2, ...canary })],
  });
}

async function untilGatewayHas(world: World, gateways: number): Promise<void> {
  let seen = "";
  await untilTrue(
    `${String(gateways)} gateways have accepted it`,
    async () => {
      const { status } = await world.need("SeldonDeployment", NAME);
      const conditions = (status?.["conditions"] ?? []) as readonly {
        type: string;
        status: string;
        message?: string;
      }[];
      const { status: said, message = "" } = conditions.find((one) => one.type === "Programmed") ?? { status: "" };
      seen = `${said} ${message}`;
      const [, accepted, subscribed] = /^(\d+) of (\d+)/.exec(message) ?? [];
      return said === "True" && accepted === subscribed && Number(accepted) >= gateways;
    },
    { describe: () => seen },
  );
}

async function callsByGrpc(gateway: OwnGateway): Promise<void> {
  const health = await gateway.grpc(NAME, { method: "/grpc.health.v1.Health/Check", message: NOTHING });
  assert.equal(health.status, 0, health.body);
  assert.deepEqual(health.message, SERVING);
  for (const version of ["v1", "v1alpha"]) {
    const method = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const services = await gateway.grpc(NAME, { method, message: LIST_SERVICES });
    assert.equal(services.status, 0, services.body);
    assert.match(services.message.toString("latin1"), /seldon\.protos\.Seldon/);
  }
  const unknown = await gateway.grpc("nobody", { method: "/grpc.health.v1.Health/Check", message: NOTHING });
  assert.equal(unknown.status, 5, `${String(unknown.status)} ${unknown.body}`);
}

/** Everybody's answer stays theirs; both predictors have somebody. */
async function usersStay(gateway: OwnGateway): Promise<void> {
  const met = new Set<string>();
  // So many that chance leaves no predictor without one.
  for (let user = 0; user < 60; user += 1) {
    const headers = { "x-user": String(user) };
    const rows = new Set<string>();
    for (let i = 0; i < 3; i += 1) rows.add(rowOf(await gateway.predict(NAME, headers)));
    assert.equal(rows.size, 1, `user ${String(user)} met ${[...rows].join(" and ")}`);
    for (const row of rows) met.add(row);
  }
  assert.deepEqual([...met].sort(), [V1, V2]);
}

function policy(): Record<string, unknown> {
  return {
    apiVersion: "graphway.dev/v1alpha1",
    kind: "RoutePolicy",
    metadata: { name: NAME },
    spec: {
      targetRef: { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: NAME },
      rules: [{ name: "testers", match: { headers: [{ name: "x-tier", exact: "tester" }] }, predictor: "canary" }],
      sticky: { keys: [{ header: "x-user" }] },
      fallback: ["main", "canary"],
    },
  };
}

export const scenarios: readonly Scenario[] = [
  {
    name: "gateway/grpc",
    shows: "without Istio, by gRPC: a canary's weights move and no call fails; health and reflection by metadata",
    timeoutMs: 480_000,
    run: (world) =>
      withGateway(world, async (gateway) => {
        await world.apply(split(world, { traffic: 100 }, { traffic: 0 }));
        await world.untilAvailable(NAME);
        await gateway.untilAnswered(NAME);
        await untilGatewayHas(world, 1);
        await callsByGrpc(gateway);
        const load = gateway.loadByGrpc(NAME);
        await load.more(50);
        assert.equal(load.answersOf(V2), 0, "the canary got calls at weight 0");
        await world.apply(split(world, { traffic: 75 }, { traffic: 25 }));
        await load.untilAnswer(V2);
        const [before, beforeCanary] = [load.calls, load.answersOf(V2)];
        // So many that chance takes the share nowhere near the limits below.
        await load.more(800);
        const share = (load.answersOf(V2) - beforeCanary) / (load.calls - before);
        await world.apply(split(world, { traffic: 0 }, { traffic: 100 }));
        await untilGatewayHas(world, 1);
        await untilTrue("the canary has all", async () => {
          const replies = await Promise.all(Array.from({ length: 20 }, () => gateway.predictByGrpc(NAME)));
          return replies.every((one) => one.body === V2);
        });
        const { calls } = await load.stopFlawless([V1, V2]);
        assert.ok(share > 0.15 && share < 0.35, `the canary of 25 % got ${share.toFixed(3)}`);
        world.note(`${String(calls)} calls, canary ${share.toFixed(3)}`);
      }),
  },
  {
    name: "gateway/policy",
    shows: "without Istio: a rule, sticky users, and a fallback: a predictor's pods end and go, and no request fails",
    timeoutMs: 480_000,
    run: (world) =>
      withGateway(world, async (gateway) => {
        await world.apply(split(world, { traffic: 50 }, { traffic: 50 }), policy());
        await world.untilAvailable(NAME);
        await gateway.untilAnswered(NAME);
        const tester = { "x-tier": "tester" };
        await untilTrue("the rule holds", async () => {
          const rows = await Promise.all(Array.from({ length: 20 }, () => gateway.predict(NAME, tester)));
          return rows.every((one) => one.status === 200 && rowOf(one) === V2);
        });
        await usersStay(gateway);
        const load = gateway.load(NAME);
        await load.untilAnswer(V1);
        await world.kubectl("delete", "pod", "-l", "seldon-app=canary-main");
        await world.apply(split(world, { traffic: 50, replicas: 0 }, { traffic: 50 }));
        await untilTrue(
          "no pod of main is left",
          async () => (await world.list("Pod", "seldon-app=canary-main")).length === 0,
        );
        const before = load.answersOf(V1);
        await load.more(200);
        assert.equal(load.answersOf(V1), before, "a pod that is gone answered");
        const { calls } = await load.stopFlawless([V1, V2]);
        world.note(`${String(calls)} requests`);
      }),
  },
  {
    name: "gateway/replicas",
    shows: "of two gateways each is taken away in turn under REST and gRPC, and no request fails",
    timeoutMs: 480_000,
    run: (world) =>
      withGateway(
        world,
        async (gateway) => {
          await world.apply(split(world, { traffic: 50 }, { traffic: 50 }));
          await world.untilAvailable(NAME);
          await gateway.untilAnswered(NAME);
          await untilGatewayHas(world, 2);
          const loads = [gateway.load(NAME), gateway.loadByGrpc(NAME)];
          for (const pod of await world.podsOf(GATEWAY_PODS)) {
            await world.kubectl("delete", "pod", pod.metadata.name);
            await world.kubectl("rollout", "status", "deployment/graphway-gateway", "--timeout=170s");
          }
          await untilGatewayHas(world, 2);
          const results = [];
          for (const load of loads) {
            await load.more(100);
            results.push(await load.stopFlawless([V1, V2]));
          }
          world.note(`${results.map(({ calls }) => String(calls)).join(" and ")} requests`);
        },
        "gateway.replicas=2",
      ),
  },
];
