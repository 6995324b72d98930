import { MAX_TABLE_BYTES, MAX_WEIGHT } from "#proto/vocabulary/limits.ts";
import {
  DEPLOYMENT_BYTES,
  HEADER_BYTES,
  MAX_TABLE_STRING_BYTES,
  MAX_TARGETS_PER_DEPLOYMENT,
  TARGET_BYTES,
} from "#proto/vocabulary/table-layout.ts";
import { bucketCount, encodeRouteTable } from "#proto/route-table/encode.ts";
import type { RouteTable, TableDeployment, TableRole } from "#proto/route-table/model.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { StickyKey, StickyPlan } from "../../plan/traffic-plan.ts";
import { type Checked, problem, type Problem } from "../../problem/problem.ts";

/** Envoy's name of a predictor's cluster; empty: the filter names no cluster for it. */
export type ClusterNaming = (plan: DeploymentPlan, predictor: string, transport: "http" | "grpc") => string;

/** Which table to render. */
export interface FilterTableOptions {
  readonly role: TableRole;
  /** Never used twice for different contents, by no replica and no restart; 64 bits. */
  readonly generation: bigint;
  readonly clusters: ClusterNaming;
}

/** Longest name of a sticky key, in bytes. */
const MAX_STICKY_NAME_BYTES = 256;

/** Visible ASCII: what a header value and a name may consist of here. */
const VISIBLE = /^[\x21-\x7e]+$/;

function stickyKeyOf({ keys }: StickyPlan): Pick<StickyKey, "kind" | "name"> | undefined {
  const [key] = keys;
  if (key === undefined) return undefined;
  return { kind: key.kind, name: key.kind === "header" ? key.name.toLowerCase() : key.name };
}

function deploymentOf(plan: DeploymentPlan, clusters: ClusterNaming): TableDeployment {
  const targetOf = (predictor: string) => ({
    name: predictor,
    httpCluster: clusters(plan, predictor, "http"),
    grpcCluster: clusters(plan, predictor, "grpc"),
  });
  const stickyKey = plan.sticky && stickyKeyOf(plan.sticky);
  return {
    key: plan.key,
    permits: { force: plan.permits.force.length > 0, explain: plan.permits.explain.length > 0 },
    ...(stickyKey === undefined ? {} : { stickyKey }),
    predictors: plan.split.map((one) => ({ ...targetOf(one.predictor), weight: one.weight })),
    shadows: plan.shadows.map((one) => ({ ...targetOf(one.predictor), percent: one.percent })),
  };
}

function stringsOf(deployment: TableDeployment): readonly string[] {
  const targets = [...deployment.predictors, ...deployment.shadows];
  const clusters = targets.flatMap((one) => [one.httpCluster, one.grpcCluster]).filter((name) => name !== "");
  const sticky = deployment.stickyKey === undefined ? [] : [deployment.stickyKey.name];
  return [deployment.key, ...targets.map((one) => one.name), ...clusters, ...sticky];
}

function repeated(names: readonly string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}

/** Why a deployment cannot stand in a table; undefined when it can. */
function unfitBecause(deployment: TableDeployment): string | undefined {
  const { predictors, shadows } = deployment;
  if (Math.max(predictors.length, shadows.length) > MAX_TARGETS_PER_DEPLOYMENT)
    return `it has more than ${MAX_TARGETS_PER_DEPLOYMENT} predictors or shadows`;
  const badWeight = predictors.find(
    (one) => !Number.isInteger(one.weight) || one.weight < 0 || one.weight > MAX_WEIGHT,
  );
  if (badWeight !== undefined)
    return `the weight ${badWeight.weight} of ${badWeight.name} is no whole number from 0 to ${MAX_WEIGHT}`;
  if (!predictors.some((one) => one.weight > 0)) return "no predictor has a positive weight";
  const badPercent = shadows.find((one) => !(one.percent > 0 && one.percent <= 100));
  if (badPercent !== undefined)
    return `the share ${badPercent.percent} of shadow ${badPercent.name} is not above 0 and up to 100`;
  const twice = repeated(predictors.map((one) => one.name)) ?? repeated(shadows.map((one) => one.name));
  if (twice !== undefined) return `${twice} stands twice`;
  if ((deployment.stickyKey?.name.length ?? 0) > MAX_STICKY_NAME_BYTES) return "the name of its sticky key is too long";
  const badText = stringsOf(deployment).find((text) => !VISIBLE.test(text) || text.length > MAX_TABLE_STRING_BYTES);
  return badText === undefined ? undefined : `the name "${badText.slice(0, 80)}" cannot stand in a header`;
}

/** Bytes that a deployment adds to a table at most; strings that it shares with others count as its own. */
function bytesOf(deployment: TableDeployment): number {
  const targets = deployment.predictors.length + deployment.shadows.length;
  const text = stringsOf(deployment).reduce((sum, one) => sum + one.length, 0);
  return DEPLOYMENT_BYTES + targets * TARGET_BYTES + text;
}

/** Takes deployments in order of their keys for as long as the table keeps its limit. */
class Room {
  readonly #taken: TableDeployment[] = [];
  #bytes = HEADER_BYTES;

  take(deployment: TableDeployment): boolean {
    const bytes = this.#bytes + bytesOf(deployment);
    if (bytes + bucketCount(this.#taken.length + 1) * 4 > MAX_TABLE_BYTES) return false;
    this.#bytes = bytes;
    this.#taken.push(deployment);
    return true;
  }

  get last(): string | undefined {
    return this.#taken.at(-1)?.key;
  }

  get taken(): readonly TableDeployment[] {
    return this.#taken;
  }
}

/**
 * What the filter must know about the plans, before it is bytes. A deployment that cannot stand in a table is left out with a
 * problem, and Envoy's own weighted route serves it; the others are not touched.
 */
export function planRouteTable(plans: readonly DeploymentPlan[], options: FilterTableOptions): Checked<RouteTable> {
  const problems: Problem[] = [];
  const room = new Room();
  for (const plan of [...plans].sort((a, b) => (a.key < b.key ? -1 : 1))) {
    const deployment = deploymentOf(plan, options.clusters);
    const because = plan.key === room.last ? "its key stands twice" : unfitBecause(deployment);
    if (because !== undefined) problems.push(problem("FilterTableUnfit", { object: plan.key, message: because }));
    else if (!room.take(deployment)) {
      const message = `the filter's table is full at ${MAX_TABLE_BYTES} bytes`;
      problems.push(problem("FilterTableFull", { object: plan.key, message }));
    }
  }
  return { value: { role: options.role, generation: options.generation, deployments: room.taken }, problems };
}

/** The filter's table as bytes (proto/schema/route-table.md), at most MAX_TABLE_BYTES. The same plans give the same bytes. */
export function renderFilterTable(plans: readonly DeploymentPlan[], options: FilterTableOptions): Checked<Uint8Array> {
  const { value, problems } = planRouteTable(plans, options);
  return { value: encodeRouteTable(value), problems };
}
