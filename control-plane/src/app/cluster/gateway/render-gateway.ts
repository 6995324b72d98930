import { withGeneration } from "#proto/route-table/encode.ts";
import type { GatewaySnapshot } from "../../../deliver/gateway-rollout/rollout.ts";
import { STORED_GATEWAY_FILTER } from "../../../deliver/xds-identity/gateway-views.ts";
import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import type { Checked } from "../../../problem/problem.ts";
import { OWN_CLUSTERS, renderFilterTable } from "../../../render/filter-table/render.ts";
import { encodeResource, versionOf } from "../../../render/xds/encode.ts";
import { renderFilterConfig, type WasmSource } from "../../../render/xds/filter-config.ts";
import { renderGatewayListeners, type GatewayPort } from "../../../render/xds/gateway-listeners.ts";
import { renderXds } from "../../../render/xds/render.ts";
import type { EncodedResource } from "../../../render/xds/resource.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";

export interface GatewayRendering {
  readonly ports: readonly GatewayPort[];
  readonly wasm: WasmSource;
  /** A number for a table that no table ever had. */
  readonly nextGeneration: () => bigint;
}

/** Clusters of a plan, rendered once for as long as the plan is served. */
type ClusterMemo = WeakMap<DeploymentPlan, Checked<readonly EncodedResource[]>>;

/** Renders what our gateways need to serve plans, all but endpoints and certificates, which have their own ways. */
export function createGatewayRenderer(): (
  plans: readonly DeploymentPlan[],
  rendering: GatewayRendering,
) => Checked<GatewaySnapshot> {
  const memo: ClusterMemo = new WeakMap();

  function clustersOf(plan: DeploymentPlan): Checked<readonly EncodedResource[]> {
    const known = memo.get(plan);
    if (known !== undefined) return known;
    const { value, problems } = renderXds([plan]);
    const made = { value: value.filter((one) => one.typeUrl === TYPE.cluster).map(encodeResource), problems };
    memo.set(plan, made);
    return made;
  }

  return (plans, { ports, wasm, nextGeneration }) => {
    const clusters = plans.map(clustersOf);
    const unnumbered = renderFilterTable(plans, { role: "gateway", generation: 0n, clusters: OWN_CLUSTERS });
    const value: GatewaySnapshot = {
      backends: clusters.flatMap((one) => one.value),
      routing: renderGatewayListeners(ports, plans).map(encodeResource),
      table: {
        fingerprint: versionOf(unnumbered.value),
        encode: () => {
          const numbered = withGeneration(unnumbered.value, nextGeneration());
          const config = encodeResource(renderFilterConfig("gateway", numbered, wasm));
          return { ...config, name: STORED_GATEWAY_FILTER };
        },
      },
    };
    return { value, problems: [...clusters.flatMap((one) => one.problems), ...unnumbered.problems] };
  };
}
