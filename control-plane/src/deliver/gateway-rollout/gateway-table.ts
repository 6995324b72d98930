import { createHash } from "node:crypto";
import { bucketCount, encodeRouteTable } from "#proto/route-table/encode.ts";
import type { TableDeployment } from "#proto/route-table/model.ts";
import { MAX_TABLE_BYTES } from "#proto/vocabulary/limits.ts";
import { HEADER_BYTES } from "#proto/vocabulary/table-layout.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { OWN_CLUSTERS, planRouteTable, type Standing } from "../../render/filter-table/render.ts";
import { bytesOf } from "../../render/filter-table/entry-bytes.ts";
import { encodeResource, versionOf } from "../../render/xds/encode.ts";
import { renderFilterConfig, type WasmSource } from "../../render/xds/filter-config.ts";
import { memoized } from "../../render/xds/memo.ts";
import { groupByKey, groupPlans, type PlanGroup } from "../../render/xds/plan-groups.ts";
import type { GatewaySnapshot } from "./rollout.ts";

export interface GatewayTableOptions {
  readonly wasm: WasmSource;
  /** A number for a table that no table ever had. */
  readonly nextGeneration: () => bigint;
  /** See FilterTableOptions. */
  readonly maxBytes?: number;
  /** See FilterTableOptions. */
  readonly standing?: readonly DeploymentPlan[];
}

const CONTENT = { role: "gateway", generation: 0n, clusters: OWN_CLUSTERS } as const;

const digestOf = memoized((deployment: TableDeployment) =>
  createHash("sha256").update(JSON.stringify(deployment)).digest(),
);

/** Equal for equal deployments of a group, in the order of their keys. */
function digestOfGroup(deployments: readonly TableDeployment[]): Buffer {
  const hash = createHash("sha256");
  for (const one of deployments) hash.update(digestOf(one));
  return hash.digest();
}

/** What a table has of the deployments of a group where all have room: enough to tell tables apart, and to know whether they do. */
interface GroupContent extends Pick<Standing<unknown>, "problems" | "standing"> {
  readonly group: PlanGroup;
  readonly deployments: readonly TableDeployment[];
  readonly digest: Buffer;
  readonly bytes: number;
}

function contentAfter(group: PlanGroup, stood: readonly DeploymentPlan[]): GroupContent {
  const { value, problems, standing } = planRouteTable(group, { ...CONTENT, standing: stood });
  const { deployments } = value;
  const bytes = deployments.reduce((sum, one) => sum + bytesOf(one), 0);
  return { group, deployments, digest: digestOfGroup(deployments), bytes, problems, standing };
}

const contentOf = memoized((group: PlanGroup) => contentAfter(group, []));

/** Of deployments that cannot stand in a table the version before goes on; groups without any are not looked at again. */
function contentsByGroup(
  plans: readonly DeploymentPlan[],
  standing: readonly DeploymentPlan[],
): readonly GroupContent[] {
  const groups = groupPlans(plans).map(contentOf);
  const unfit = new Set(groups.flatMap(({ problems }) => problems.map(({ object }) => object)));
  const stood = unfit.size === 0 ? [] : standing.filter(({ key }) => unfit.has(key));
  if (stood.length === 0) return groups;
  return groups.map((one) => (one.problems.length === 0 ? one : contentAfter(one.group, stood)));
}

function haveRoom(groups: readonly GroupContent[], maxBytes: number): boolean {
  if (groups.some(({ problems }) => problems.some(({ code }) => code === "FilterTableFull"))) return false;
  const bytes = groups.reduce((sum, one) => sum + one.bytes, 0);
  const count = groups.reduce((sum, one) => sum + one.deployments.length, 0);
  return HEADER_BYTES + bytes + bucketCount(count) * 4 <= Math.min(maxBytes, MAX_TABLE_BYTES);
}

/** What a table holds, before it is made. */
interface Contents extends Pick<Standing<unknown>, "problems" | "standing"> {
  readonly deployments: () => readonly TableDeployment[];
  /** Equal for equal deployments, whether or not others had room or could stand there. */
  readonly fingerprint: string;
}

function contentsOf(plans: readonly DeploymentPlan[], options: GatewayTableOptions): Contents {
  const { maxBytes = MAX_TABLE_BYTES, standing = [] } = options;
  const groups = contentsByGroup(plans, standing);
  if (!haveRoom(groups, maxBytes)) {
    const { value, problems, standing: stands } = planRouteTable(plans, { ...CONTENT, maxBytes, standing });
    const { deployments } = value;
    const digests = groupByKey(deployments).map(digestOfGroup);
    return { deployments: () => deployments, fingerprint: fingerprintOf(digests), problems, standing: stands };
  }
  const problems = groups.flatMap((one) => one.problems);
  return {
    deployments: () => groups.flatMap((one) => one.deployments),
    fingerprint: fingerprintOf(groups.map(({ digest }) => digest)),
    problems,
    standing: problems.length === 0 ? plans : groups.flatMap((one) => one.standing),
  };
}

function fingerprintOf(digests: readonly Buffer[]): string {
  return versionOf(Buffer.concat(digests));
}

/** The filter's table of our own gateway; it is made, and gets its number, when it is sent. */
export function renderGatewayFilter(
  plans: readonly DeploymentPlan[],
  options: GatewayTableOptions,
): Standing<GatewaySnapshot["table"]> {
  const { deployments, fingerprint, ...said } = contentsOf(plans, options);
  const encode = () => {
    const generation = options.nextGeneration();
    const table = encodeRouteTable({ role: CONTENT.role, generation, deployments: deployments() });
    return encodeResource(renderFilterConfig("gateway", table, options.wasm));
  };
  return { value: { fingerprint, encode }, ...said };
}
