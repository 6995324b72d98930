// What it costs to tell our own Envoy about everything, and about one change: `node control-plane/bench/gateway.ts [deployments] [changes]`.
// CPU of this thread, in milliseconds; of the changes the median counts.
import { loadObjects } from "../src/model/load.ts";
import type { DeploymentPlan } from "../src/plan/deployment-plan.ts";
import { planDeployment } from "../src/plan/plan-deployment.ts";
import { encodeResource } from "../src/render/xds/encode.ts";
import { renderXds } from "../src/render/xds/render.ts";
import type { EncodedResource } from "../src/render/xds/resource.ts";
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

function print(name: string, ms: number): void {
  console.log(
    `${name.padEnd(42)} ${ms.toFixed(1).padStart(8)} ms ${((ms / DEPLOYMENTS) * 1000).toFixed(1).padStart(8)} µs each`,
  );
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

let plans = planned.result;
let last: readonly EncodedResource[] = encoded.result;
const changes = Array.from({ length: CHANGES }, (_, round) => {
  const at = (round * 7919) % DEPLOYMENTS;
  const [resource] = read([at], `change-${String(round)}`);
  return timed(() => {
    const [plan] = resource === undefined ? [] : planAll([resource]);
    if (plan === undefined) throw new Error("the change has no plan");
    plans = plans.with(at, plan);
    last = renderXds(plans).value.map(encodeResource);
  }).ms;
});
console.log(`one change                                 ${median(changes).toFixed(1).padStart(8)} ms`);
const routes = last.find((one) => one.typeUrl === TYPE.routeConfiguration)?.bytes.length ?? 0;
console.log(`routes: ${(routes / 1e6).toFixed(1)} MB, ${(routes / DEPLOYMENTS).toFixed(0)} bytes each`);
