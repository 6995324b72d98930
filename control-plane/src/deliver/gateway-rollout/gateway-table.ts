import { createHash } from "node:crypto";
import { bucketCount, encodeRouteTable } from "#proto/route-table/encode.ts";
import { MAX_TABLE_BYTES } from "#proto/vocabulary/limits.ts";
import { HEADER_BYTES } from "#proto/vocabulary/table-layout.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Checked } from "../../problem/problem.ts";
import { OWN_CLUSTERS, planRouteTable } from "../../render/filter-table/render.ts";
import { bytesOf } from "../../render/filter-table/room.ts";
import { encodeResource, versionOf } from "../../render/xds/encode.ts";
import { renderFilterConfig, type WasmSource } from "../../render/xds/filter-config.ts";
import { memoized } from "../../render/xds/memo.ts";
import { groupPlans, type PlanGroup } from "../../render/xds/plan-groups.ts";
import type { GatewaySnapshot } from "./rollout.ts";

export interface GatewayTableOptions {
  readonly wasm: WasmSource;
  /** A number for a table that no table ever had. */
  readonly nextGeneration: () => bigint;
}

const CONTENT = { role: "gateway", generation: 0n, clusters: OWN_CLUSTERS } as const;

/** What the table has of the deployments of a group: enough to tell tables apart, and to know whether all have room. */
const contentOf = memoized((group: PlanGroup) => {
  const { value, problems } = planRouteTable(group, CONTENT);
  const digest = createHash("sha256").update(JSON.stringify(value.deployments)).digest();
  const bytes = value.deployments.reduce((sum, one) => sum + bytesOf(one), 0);
  return { deployments: value.deployments, digest, problems, bytes };
});

function hasRoom(bytes: number, deployments: number): boolean {
  return HEADER_BYTES + bytes + bucketCount(deployments) * 4 <= MAX_TABLE_BYTES;
}

/** The filter's table of our own gateway; it is made, and gets its number, when it is sent. */
export function renderGatewayFilter(
  plans: readonly DeploymentPlan[],
  { wasm, nextGeneration }: GatewayTableOptions,
): Checked<GatewaySnapshot["table"]> {
  const contents = groupPlans(plans).map(contentOf);
  const bytes = contents.reduce((sum, one) => sum + one.bytes, 0);
  const isWhole = hasRoom(bytes, plans.length);
  const encode = () => {
    const deployments = isWhole
      ? contents.flatMap((one) => one.deployments)
      : planRouteTable(plans, CONTENT).value.deployments;
    const table = encodeRouteTable({ role: CONTENT.role, generation: nextGeneration(), deployments });
    return encodeResource(renderFilterConfig("gateway", table, wasm));
  };
  return {
    value: { fingerprint: versionOf(Buffer.concat(contents.map(({ digest }) => digest))), encode },
    problems: isWhole ? contents.flatMap(({ problems }) => problems) : planRouteTable(plans, CONTENT).problems,
  };
}
