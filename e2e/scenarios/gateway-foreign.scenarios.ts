import assert from "node:assert/strict";
import { requestsIn, type SeenRequest } from "../runner/filtered-mesh.ts";
import { withForeignGateway, type ForeignGateway } from "../runner/foreign-gateway.ts";
import type { Reply } from "../runner/gateway-client.ts";
import type { Fields } from "../runner/kube.ts";
import { deployment, model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { until, untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const NAME = "example";
const SLOW = "slow";
const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const MANY = 1000;
/** A share of so many lies further than this many standard deviations from what is expected once in 10^14 runs. */
const DEVIATIONS = 8;
const ANSWERS_IN_A_ROW = 40;

/** Two that share the traffic, a shadow that gets all of it and one that gets a fifth. */
function splitOf(world: World): readonly Fields[] {
  const shadow = (name: string, shape: Fields): Fields => {
    const pods = [[model("classifier", { env: { LOG_HEADERS: "x-" } })]];
    return predictor(name, { annotations: { "seldon.io/no-engine": "true" }, pods, ...shape });
  };
  const predictors = [
    predictor("main", { traffic: 75 }),
    predictor("canary", { traffic: 25, pods: [[model("classifier", { version: "2" })]] }),
    shadow("candidate", { shadow: true }),
    shadow("sampled", { traffic: 0 }),
  ];
  const rules = [
    { name: "testers", match: { headers: [{ name: "x-tier", exact: "tester" }] }, predictor: "canary" },
    { name: "elders", match: { query: [{ name: "age", exact: "old" }] }, predictor: "main" },
  ];
  const shadows = [{ predictor: "candidate" }, { predictor: "sampled", percent: 20 }];
  return [ours(world, NAME, predictors), policy(NAME, { rules, shadows })];
}

/** Answers long after everyone has given up. */
function slowOf(world: World): readonly Fields[] {
  const pods = [[model("classifier", { env: { DELAY_MS: "600000" } })]];
  const predictors = [predictor("main", { annotations: { "seldon.io/no-engine": "true" }, pods })];
  return [ours(world, SLOW, predictors), policy(SLOW, { deadline: { defaultMs: 1000 } })];
}

function ours(world: World, name: string, predictors: readonly Fields[]): Fields {
  return deployment(name, { labels: { "seldon.io/controller-id": world.namespace }, predictors });
}

function policy(name: string, spec: Fields): Fields {
  const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name };
  return { apiVersion: "graphway.dev/v1alpha1", kind: "RoutePolicy", metadata: { name }, spec: { targetRef, ...spec } };
}

/** Answers by both kinds of calls, many in a row: so much is then known of every predictor's pods. */
async function untilSteady(gateway: ForeignGateway): Promise<void> {
  let [inARow, seen] = [0, ""];
  await untilTrue(
    "both kinds of calls are answered",
    async () => {
      const replies = await Promise.all([gateway.predict(NAME), gateway.predictByGrpc(NAME)]);
      seen = replies.map(({ status, body }) => `${status} ${body.slice(0, 200)}`).join("; ");
      inARow = replies.every(({ status }) => status === 200) ? inARow + 1 : 0;
      return inARow === ANSWERS_IN_A_ROW;
    },
    { everyMs: 50, describe: () => seen },
  );
}

function isNearShare(count: number, share: number, what: string): void {
  const limit = DEVIATIONS * Math.sqrt(MANY * share * (1 - share));
  assert.ok(Math.abs(count - MANY * share) <= limit, `${what}: ${count} of ${MANY}, not about ${MANY * share}`);
}

/** How often the canary answered; all others were answered by main. */
async function countCanary(times: number, predict: (number: number) => Promise<Reply>): Promise<number> {
  let canary = 0;
  for (let number = 0; number < times; number += 1) {
    const reply = await predict(number);
    const row = reply.body.startsWith("[") ? reply.body : rowOf(reply);
    assert.ok(reply.status === 200 && [V1, V2].includes(row), `${reply.status} ${reply.body}`);
    if (row === V2) canary += 1;
  }
  return canary;
}

/** What is known by the header `x-call` of requests at a shadow, once nothing more comes there. */
async function callsAt(world: World, name: string, wanted: number): Promise<readonly string[]> {
  let seen: readonly SeenRequest[] = [];
  await until(
    `${wanted} copies at ${name}, and no more`,
    async () => {
      const before = seen.length;
      seen = await requestsIn(world, `seldon-app=${NAME}-${name}`);
      return seen.length === before && callsOf(seen).length >= wanted ? true : undefined;
    },
    { everyMs: 2000, describe: () => String(callsOf(seen).length) },
  );
  const evil = seen.filter(({ headers }) => JSON.stringify(headers).includes("evil"));
  assert.deepEqual(evil, [], "a client's headers that are ours to set");
  const feedback = seen.filter(({ path }) => path.endsWith("/feedback"));
  assert.deepEqual(feedback, [], "a copy of feedback");
  return callsOf(seen);
}

function callsOf(requests: readonly SeenRequest[]): readonly string[] {
  return requests.flatMap(({ headers }) => headers["x-call"] ?? []).sort();
}

/** Both kinds of calls by weights; each REST call is copied once to one shadow, and about every fifth to the other. */
async function isSplit(world: World, gateway: ForeignGateway): Promise<void> {
  const forged = { "x-graphway-predictor": "evil", "x-graphway-force": "evil", "x-graphway-shadow": "evil" };
  const rest = await countCanary(MANY, (number) => gateway.predict(NAME, { "x-call": `call-${number}`, ...forged }));
  isNearShare(rest, 0.25, "REST");
  const feedback = await gateway.sendFeedback(NAME);
  assert.equal(feedback.status, 200, feedback.body);
  const calls = Array.from({ length: MANY }, (_, number) => `call-${number}`);
  assert.deepEqual(await callsAt(world, "candidate", MANY), [...calls].sort());
  const sampled = await callsAt(world, "sampled", 1);
  assert.equal(new Set(sampled).size, sampled.length, "a request was copied twice");
  isNearShare(sampled.length, 0.2, "copies");
  const grpc = await countCanary(MANY, () => gateway.predictByGrpc(NAME));
  isNearShare(grpc, 0.25, "gRPC");
  world.note(`canary ${rest} and ${grpc}, copies ${sampled.length} of ${MANY}`);
}

/** A header, for both kinds of calls; a query parameter, for REST. */
async function rulesHold(gateway: ForeignGateway): Promise<void> {
  const tester = { "x-tier": "tester" };
  assert.equal(await countCanary(ANSWERS_IN_A_ROW, () => gateway.predict(NAME, tester)), ANSWERS_IN_A_ROW);
  assert.equal(await countCanary(ANSWERS_IN_A_ROW, () => gateway.predictByGrpc(NAME, tester)), ANSWERS_IN_A_ROW);
  assert.equal(await countCanary(ANSWERS_IN_A_ROW, () => gateway.predict(NAME, {}, "?age=old")), 0);
}

async function deadlineHolds(gateway: ForeignGateway): Promise<void> {
  let seen = "";
  await untilTrue(
    "a request ends at its deadline",
    async () => {
      const startMs = performance.now();
      const { status, body } = await gateway.predict(SLOW);
      seen = `${status} ${body} after ${Math.round(performance.now() - startMs)} ms`;
      return status === 504 && performance.now() - startMs > 900;
    },
    { describe: () => seen },
  );
}

export const scenarios: readonly Scenario[] = [
  {
    name: "gateway/foreign",
    shows:
      "Istio as an implementation of Gateway API carries out what `graphway render` writes: weights, rules, copies, deadlines, by REST and gRPC",
    isAlone: true,
    timeoutMs: 900_000,
    run: async (world) => {
      await withForeignGateway(world, async (gateway) => {
        const [split, slow] = [splitOf(world), slowOf(world)];
        await world.apply(...split, ...slow);
        for (const name of [NAME, SLOW]) await world.untilAvailable(name, { timeoutMs: 240_000 });
        await gateway.route(...split, ...slow);
        await untilSteady(gateway);
        await isSplit(world, gateway);
        await rulesHold(gateway);
        await deadlineHolds(gateway);
      });
    },
  },
];
