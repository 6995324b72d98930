// What it costs to tell our own Envoy about everything, and about one change: `node control-plane/bench/gateway.ts [deployments] [changes]`.
// CPU of this process, in milliseconds; of the changes the median counts. A change goes all the way from its plan to the store.
import { createGatewayReports } from "../src/app/cluster/gateway/gateway-reports.ts";
import { renderGateway } from "../src/app/cluster/gateway/render-gateway.ts";
import { createServedPlans } from "../src/app/cluster/gateway/served-plans.ts";
import { createEndpointLane } from "../src/deliver/endpoints/endpoint-lane.ts";
import { createGenerations } from "../src/deliver/gateway-rollout/generations.ts";
import { createRollout } from "../src/deliver/gateway-rollout/rollout.ts";
import { createResourceStore } from "../src/deliver/xds-server/resource-store.ts";
import { systemClock } from "../src/kubernetes-api/clock.ts";
import { loadObjects } from "../src/model/load.ts";
import type { DeploymentPlan } from "../src/plan/deployment-plan.ts";
import { planDeployment } from "../src/plan/plan-deployment.ts";
import { clusterBackends } from "../src/render/xds/cluster-backends.ts";
import { encodeResource } from "../src/render/xds/encode.ts";
import { changesBetween, groupPlans, type PlanGroup } from "../src/render/xds/plan-groups.ts";
import { renderXds } from "../src/render/xds/render.ts";
import { TYPE } from "../src/render/xds/type-urls.ts";
import { deploymentOf } from "./deployments.ts";

const DEPLOYMENTS = Number(process.argv[2] ?? "10000");
const CHANGES = Number(process.argv[3] ?? "20");

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function timed<T>(step: () => T): { readonly ms: number; readonly result: T } {
  const before = cpuMs();
  const result = step();
  return { ms: cpuMs() - before, result };
}

function print(name: string, ms: number, count = DEPLOYMENTS): void {
  const each = count === 1 ? "" : ` ${((ms / count) * 1000).toFixed(1).padStart(8)} µs each`;
  console.log(`${name.padEnd(42)} ${ms.toFixed(1).padStart(8)} ms${each}`);
}

type Accepted = Parameters<typeof planDeployment>[0];

function read(indexes: readonly number[], tag: string): readonly Accepted[] {
  const sources = indexes.map((index) => ({ value: deploymentOf(index, { namespace: "models", tag }) }));
  return loadObjects(sources).value.deployments.flatMap((one) => (one.accepted ? [one] : []));
}

function planAll(accepted: readonly Accepted[]): readonly DeploymentPlan[] {
  return accepted.flatMap((one) => planDeployment(one).value ?? []);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** A first one, so that what is timed is compiled. */
renderXds(planAll(read([0, 1, 2, 3, 4, 5, 6, 7], "warm"))).value.map(encodeResource);

const accepted = read(
  Array.from({ length: DEPLOYMENTS }, (_, index) => index),
  "",
);
const planned = timed(() => planAll(accepted));
const rendered = timed(() => renderXds(planned.result).value);
const encoded = timed(() => rendered.result.map(encodeResource));
print("plan", planned.ms);
print("render", rendered.ms);
print("encode", encoded.ms);
print("plan, render and encode", planned.ms + rendered.ms + encoded.ms);

const routes = encoded.result.find((one) => one.typeUrl === TYPE.routeConfiguration)?.bytes.length ?? 0;
console.log(`routes: ${(routes / 1e6).toFixed(1)} MB, ${(routes / DEPLOYMENTS).toFixed(0)} bytes each`);

/** The parts of a control plane between a new plan and the store that Envoys are served from, without Envoys. */
const served = createServedPlans();
const store = createResourceStore();
const lane = createEndpointLane({ store, serviceOf: () => undefined });
const reports = createGatewayReports({
  clock: { ...systemClock, after: () => () => undefined },
  onChange: () => undefined,
});
const nextGeneration = createGenerations();
const rollout = createRollout({
  delivery: {
    apply: (applied) => {
      store.apply(applied);
    },
    whenAnswered: () => Promise.resolve(),
    isRefused: () => false,
  },
  tableIntervalMs: 0,
  drainMs: 3_600_000,
  onPruned: () => undefined,
});
const wasm = { inlineBytes: new Uint8Array(24_000) };
let groups: readonly PlanGroup[] = [];
let standing: readonly DeploymentPlan[] = [];
/** CPU of the tables among the changes: each is sent at most once a second, whatever changes meanwhile. */
const tables: number[] = [];

async function tell(): Promise<void> {
  const plans = served.all();
  const ports = [{ port: 8003, doors: [{ host: "*" }] }];
  const { value, problems } = renderGateway(plans, { ports, wasm, accessLog: "off", nextGeneration, standing });
  standing = value.standing;
  const now = groupPlans(plans);
  lane.serve(changesBetween(groups, now).added.flatMap(clusterBackends));
  groups = now;
  reports.rendered(value.wanted, problems);
  const { table } = value.snapshot;
  const encode = () => {
    const made = timed(() => table.encode());
    tables.push(made.ms);
    return made.result;
  };
  rollout.publish({ ...value.snapshot, table: { ...table, encode } });
  await rollout.settled();
  served.told(plans);
}

for (const plan of planned.result) served.set(plan);
await tell();
const changes: number[] = [];
const joins: number[] = [];
for (let round = 0; round < CHANGES; round += 1) {
  const [resource] = read([(round * 7919) % DEPLOYMENTS], `change-${String(round)}`);
  const before = cpuMs();
  const [plan] = resource === undefined ? [] : planAll([resource]);
  if (plan === undefined) throw new Error("the change has no plan");
  // What differs for Envoy: another weight.
  served.set({ ...plan, split: plan.split.map((one) => ({ ...one, weight: one.weight + round + 1 })) });
  await tell();
  changes.push(cpuMs() - before - (tables.at(-1) ?? 0));
  joins.push(timed(() => store.get(TYPE.routeConfiguration, routesName())?.bytes).ms);
}
rollout.close();
reports.stop();
print("one change, to the store", median(changes), 1);
print("its table, at most once a second", median(tables.slice(1)), 1);
print("its routes joined for Envoys", median(joins), 1);

function routesName(): string {
  const [name] = store.names(TYPE.routeConfiguration);
  return name ?? "";
}
