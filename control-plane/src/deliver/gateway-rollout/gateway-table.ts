import { withGeneration } from "#proto/route-table/encode.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Checked } from "../../problem/problem.ts";
import { OWN_CLUSTERS, renderFilterTable } from "../../render/filter-table/render.ts";
import { encodeResource, versionOf } from "../../render/xds/encode.ts";
import { renderFilterConfig, type WasmSource } from "../../render/xds/filter-config.ts";
import type { GatewaySnapshot } from "./rollout.ts";

export interface GatewayTableOptions {
  readonly wasm: WasmSource;
  /** A number for a table that no table ever had. */
  readonly nextGeneration: () => bigint;
}

/** The filter's table of our own gateway; it gets its number when it is sent. */
export function renderGatewayFilter(
  plans: readonly DeploymentPlan[],
  { wasm, nextGeneration }: GatewayTableOptions,
): Checked<GatewaySnapshot["table"]> {
  const { value, problems } = renderFilterTable(plans, { role: "gateway", generation: 0n, clusters: OWN_CLUSTERS });
  const encode = () => encodeResource(renderFilterConfig("gateway", withGeneration(value, nextGeneration()), wasm));
  return { value: { fingerprint: versionOf(value), encode }, problems };
}
