import assert from "node:assert/strict";
import type { Reply } from "../runner/gateway-client.ts";
import type { Fields } from "../runner/kube.ts";
import type { Load } from "../runner/load.ts";
import { deployment, model, predictor } from "../runner/manifest.ts";
import { withGateway, type OwnGateway } from "../runner/own-gateway.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import { rowOf, type World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const NAME = "canary";
const MAIN_PODS = "seldon-app=canary-main";
const QUOTA = "no-more-pods";

/** All traffic goes to `main`; where it can't answer, the canary does. */
function objects(world: World): readonly Fields[] {
  const targetRef = { group: "machinelearning.seldon.io", kind: "SeldonDeployment", name: NAME };
  return [
    deployment(NAME, {
      labels: { "seldon.io/controller-id": world.namespace },
      predictors: [
        predictor("main", { traffic: 100, replicas: 2 }),
        predictor("canary", { traffic: 0, pods: [[model("classifier", { version: "2" })]] }),
      ],
    }),
    {
      apiVersion: "graphway.dev/v1alpha1",
      kind: "RoutePolicy",
      metadata: { name: NAME },
      spec: {
        targetRef,
        fallback: ["main", "canary"],
        retries: { attempts: 3, http: ["gateway-error", "connect-failure", "reset"], grpc: ["unavailable"] },
      },
    },
  ];
}

/** Nobody may make a pod in the namespace until `allowPods`; those that are there stay. */
async function forbidPods(world: World): Promise<void> {
  const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: QUOTA }, spec: { hard: { pods: "0" } } };
  await world.apply(quota);
  await untilTrue("the quota is counted", async () => {
    const { status } = await world.need("ResourceQuota", QUOTA);
    const { used } = (status ?? {}) as { readonly used?: Readonly<Record<string, string>> };
    return used?.["pods"] !== undefined;
  });
}

/** Ends every pod of `main` without a word; none comes in their place. */
async function killMain(world: World): Promise<void> {
  await forbidPods(world);
  for (const { metadata } of await world.podsOf(MAIN_PODS))
    await world.kube.delete("Pod", world.namespace, metadata.name, 0);
  await untilTrue("no pod of main is left", async () => (await world.list("Pod", MAIN_PODS)).length === 0);
}

async function reviveMain(world: World): Promise<void> {
  await world.kube.delete("ResourceQuota", world.namespace, QUOTA);
}

/** Everybody is answered so, over REST and gRPC, and told by whom. */
async function untilAll(gateway: OwnGateway, name: string, row: string): Promise<void> {
  let seen = "";
  const isSo = (reply: Reply, what: string): boolean => {
    const by = reply.headers["x-graphway-predictor"] ?? "";
    const isRight = reply.status === 200 && what === row && by === name;
    if (!isRight) seen = `${reply.status} ${what} by ${by} ${reply.body.slice(0, 200)}`;
    return isRight;
  };
  await untilTrue(
    `${name} answers everybody`,
    async () => {
      const ask = Array.from({ length: 10 }, async () => {
        const [rest, grpc] = await Promise.all([gateway.predict(NAME), gateway.predictByGrpc(NAME)]);
        return isSo(rest, rowOf(rest)) && isSo(grpc, grpc.body);
      });
      return (await Promise.all(ask)).every(Boolean);
    },
    { describe: () => seen },
  );
}

/** Waits until nobody is answered so any more; then nobody is. */
async function untilOnlyOthers(loads: readonly Load[], row: string): Promise<void> {
  for (const load of loads) await load.untilNoMore(row);
  const before = loads.map((load) => load.answersOf(row));
  for (const load of loads) await load.more(100);
  assert.deepEqual(
    loads.map((load) => load.answersOf(row)),
    before,
    `somebody was answered ${row} again`,
  );
}

/** gRPC's code UNAVAILABLE, as the load tells statuses of calls, and its like over REST. */
const UNAVAILABLE: readonly number[] = [503, 14];

/**
 * Ends the load under which pods died: their models are gone a moment before their orchestrators, and who comes to none but
 * those, as often as it may be tried, is told that the model can't be reached. Anything else is a fault.
 */
async function stopAtLosses(load: Load): Promise<string> {
  const { calls, failures } = await load.stop();
  assert.deepEqual(
    failures.filter(({ status }) => !UNAVAILABLE.includes(status)),
    [],
  );
  return `${failures.length} of ${calls} lost`;
}

export const scenarios: readonly Scenario[] = [
  {
    name: "gateway/fallback",
    shows:
      "without Istio: all pods of a predictor are killed and none comes, so its fallback answers over REST and gRPC; it has its requests back with its pods",
    timeoutMs: 600_000,
    run: (world) =>
      withGateway(world, async (gateway) => {
        await world.apply(...objects(world));
        await world.untilAvailable(NAME);
        await gateway.untilAnswered(NAME);
        await untilAll(gateway, "main", V1);
        const during = [gateway.load(NAME), gateway.loadByGrpc(NAME)];
        for (const load of during) await load.more(50);
        await killMain(world);
        await untilAll(gateway, "canary", V2);
        const lost = await Promise.all(during.map(stopAtLosses));
        const loads = [gateway.load(NAME), gateway.loadByGrpc(NAME)];
        await untilOnlyOthers(loads, V1);
        await reviveMain(world);
        await untilAll(gateway, "main", V1);
        await untilOnlyOthers(loads, V2);
        const counts: string[] = [];
        for (const [at, load] of loads.entries()) {
          const { calls } = await load.stopFlawless([V1, V2]);
          counts.push(`${calls} (${load.answersOf(V2)} by the fallback), ${lost[at] ?? ""} while pods died`);
        }
        world.note(`REST ${counts.join("; gRPC ")}`);
      }),
  },
];
