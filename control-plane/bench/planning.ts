// What reading, planning and rendering cost by themselves, without a cluster: `node control-plane/bench/planning.ts [deployments] [rounds] [stages]`.
// With `stages` no turns are measured, which take most of the time.
// CPU of this thread; of several rounds the best one counts, as other work on the machine only ever adds.
import { renderWorkloads } from "../src/render/workloads/render-workloads.ts";
import { OWN_CLUSTERS, renderFilterTable } from "../src/render/filter-table/render.ts";
import { renderIstio } from "../src/render/istio/render.ts";
import { renderXds } from "../src/render/xds/render.ts";
import { loadObjects } from "../src/model/load.ts";
import type { DeploymentPlan } from "../src/plan/deployment-plan.ts";
import { planDeployment } from "../src/plan/plan-deployment.ts";
import { hasErrors } from "../src/problem/problem.ts";
import { deploymentOf } from "./deployments.ts";
import { createRestingCluster } from "./resting-cluster.ts";

const DEPLOYMENTS = Number(process.argv[2] ?? "10000");
const ROUNDS = Number(process.argv[3] ?? "5");
const HAS_TURNS = process.argv[4] !== "stages";

/** Best CPU of each step, in milliseconds, by its name. */
const best = new Map<string, number>();

function timed<T>(name: string, step: () => T): T {
  const before = process.cpuUsage();
  const result = step();
  const { user, system } = process.cpuUsage(before);
  const ms = (user + system) / 1000;
  best.set(name, Math.min(best.get(name) ?? Infinity, ms));
  return result;
}

type Accepted = Parameters<typeof planDeployment>[0];

function planAll(accepted: readonly Accepted[]): readonly DeploymentPlan[] {
  return accepted.map((one) => {
    const { value, problems } = planDeployment(one);
    if (value === undefined || hasErrors(problems)) throw new Error(JSON.stringify(problems));
    return value;
  });
}

function read(indexes: readonly number[], tag: string): readonly Accepted[] {
  const sources = indexes.map((index) => ({ value: deploymentOf(index, { namespace: "models", tag }) }));
  return loadObjects(sources).value.deployments.flatMap((one) => (one.accepted ? [one] : []));
}

function table(plans: readonly DeploymentPlan[]): Uint8Array {
  return renderFilterTable(plans, { role: "gateway", generation: 1n, clusters: OWN_CLUSTERS }).value;
}

const all = Array.from({ length: DEPLOYMENTS }, (_, index) => index);

function measureStages(round: number): void {
  const accepted = timed("read", () => read(all, ""));
  const plans = timed("plan", () => planAll(accepted));
  timed("workloads", () => plans.map((plan) => renderWorkloads(plan)));
  timed("istio", () => plans.map((plan) => renderIstio(plan)));
  timed("filter table", () => table(plans));
  timed("xds", () => renderXds(plans));
  timed("one change: read, plan, render", () => {
    const [plan] = planAll(read([round], "next"));
    return plan && [renderWorkloads(plan), renderIstio(plan)];
  });
}

/** Turns of the control plane in a cluster, without an API server. */
function measureTurns(): void {
  const cluster = createRestingCluster();
  const resources = all.map((index) => deploymentOf(index, { namespace: "models" }));
  const named = resources.map((one) => ({
    ...one,
    metadata: { ...one.metadata, uid: one.metadata.name, generation: 1 },
  }));
  const turns = (): number => named.reduce((writes, one) => writes + cluster.turn(one).writes.length, 0);
  timed("turn that makes everything", turns);
  let rest = turns();
  while (rest > 0) rest = turns();
  timed("turn at rest", turns);
  const again = named.map((one) => structuredClone(one));
  timed("turn at rest after a status was written", () => again.map((one) => cluster.turn(one).writes.length));
}

for (let round = 0; round < ROUNDS; round += 1) {
  measureStages(round);
  if (HAS_TURNS) measureTurns();
}
console.log(`${DEPLOYMENTS} deployments, best of ${ROUNDS} rounds, ms of CPU and µs per deployment`);
for (const [name, ms] of best)
  console.log(`${name.padEnd(42)} ${ms.toFixed(1).padStart(8)} ${((ms / DEPLOYMENTS) * 1000).toFixed(1).padStart(8)}`);
