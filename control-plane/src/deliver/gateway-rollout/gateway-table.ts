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
import { groupPlans, type PlanGroup } from "../../render/xds/plan-groups.ts";
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

/** What the table has of the deployments of a group: enough to tell tables apart, and to know whether all have room. */
const contentOf = memoized((group: PlanGroup) => {
  const { value, problems } = planRouteTable(group, CONTENT);
  const digest = createHash("sha256").update(JSON.stringify(value.deployments)).digest();
  const bytes = value.deployments.reduce((sum, one) => sum + bytesOf(one), 0);
  return { deployments: value.deployments, digest, problems, bytes };
});

function hasRoom(bytes: number, deployments: number, maxBytes: number): boolean {
  return HEADER_BYTES + bytes + bucketCount(deployments) * 4 <= Math.min(maxBytes, MAX_TABLE_BYTES);
}

/** What a table holds, before it is made. */
interface Contents extends Pick<Standing<unknown>, "problems" | "standing"> {
  readonly deployments: () => readonly TableDeployment[];
  readonly fingerprint: string;
}

function contentsOf(plans: readonly DeploymentPlan[], options: GatewayTableOptions): Contents {
  const { maxBytes = MAX_TABLE_BYTES, standing = [] } = options;
  const groups = groupPlans(plans).map(contentOf);
  const bytes = groups.reduce((sum, one) => sum + one.bytes, 0);
  const isWhole = hasRoom(bytes, plans.length, maxBytes) && groups.every(({ problems }) => problems.length === 0);
  if (!isWhole) {
    const { value, problems, standing: stands } = planRouteTable(plans, { ...CONTENT, maxBytes, standing });
    const { deployments } = value;
    const fingerprint = versionOf(Buffer.from(JSON.stringify(deployments)));
    return { deployments: () => deployments, fingerprint, problems, standing: stands };
  }
  return {
    deployments: () => groups.flatMap((one) => one.deployments),
    fingerprint: versionOf(Buffer.concat(groups.map(({ digest }) => digest))),
    problems: [],
    standing: plans,
  };
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
