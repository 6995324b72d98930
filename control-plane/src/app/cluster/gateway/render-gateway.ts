import { renderGatewayFilter } from "../../../deliver/gateway-rollout/gateway-table.ts";
import type { GatewaySnapshot } from "../../../deliver/gateway-rollout/rollout.ts";
import { STORED_GATEWAY_FILTER } from "../../../deliver/xds-identity/gateway-views.ts";
import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import type { Checked } from "../../../problem/problem.ts";
import { encodeResource } from "../../../render/xds/encode.ts";
import { filterName, type WasmSource } from "../../../render/xds/filter-config.ts";
import { hostsBehind, renderGatewayListeners, type GatewayPort } from "../../../render/xds/gateway-listeners.ts";
import type { XdsOptions } from "../../../render/xds/options.ts";
import { renderXds } from "../../../render/xds/render.ts";
import type { EncodedResource } from "../../../render/xds/resource.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import type { WantedState } from "./acceptance.ts";

export interface GatewayRendering {
  readonly ports: readonly GatewayPort[];
  readonly wasm: WasmSource;
  readonly accessLog: XdsOptions["accessLog"];
  /** A number for a table that no table ever had. */
  readonly nextGeneration: () => bigint;
}

/** What gateways are to have, and what of it each deployment needs. */
export interface RenderedGateway {
  readonly snapshot: GatewaySnapshot;
  /** The table's version in it is the fingerprint. */
  readonly wanted: WantedState;
}

/** Clusters of a plan, rendered once for as long as the plan is served. */
type ClusterMemo = WeakMap<DeploymentPlan, Checked<readonly EncodedResource[]>>;

/** Renders what our gateways need to serve plans, all but endpoints and certificates, which have their own ways. */
export function createGatewayRenderer(): (
  plans: readonly DeploymentPlan[],
  rendering: GatewayRendering,
) => Checked<RenderedGateway> {
  const memo: ClusterMemo = new WeakMap();

  function clustersOf(plan: DeploymentPlan): Checked<readonly EncodedResource[]> {
    const known = memo.get(plan);
    if (known !== undefined) return known;
    const { value, problems } = renderXds([plan]);
    const made = { value: value.filter((one) => one.typeUrl === TYPE.cluster).map(encodeResource), problems };
    memo.set(plan, made);
    return made;
  }

  return (plans, { ports, wasm, accessLog, nextGeneration }) => {
    const clusters = plans.map(clustersOf);
    const table = renderGatewayFilter(plans, { wasm, nextGeneration });
    const snapshot: GatewaySnapshot = {
      backends: clusters.flatMap((one) => one.value),
      routing: renderGatewayListeners(ports, plans, { accessLog }).map(encodeResource),
      table: {
        fingerprint: table.value.fingerprint,
        encode: () => ({ ...table.value.encode(), name: STORED_GATEWAY_FILTER }),
      },
    };
    const served = plans.map((plan, index) => ({ key: plan.key, plan, own: clusters[index]?.value ?? [] }));
    const wanted: WantedState = {
      deployments: served.filter(({ plan }) => ports.some(({ doors }) => hostsBehind(plan, doors).length > 0)),
      shared: [
        ...snapshot.routing.filter((one) => one.typeUrl !== TYPE.listener),
        { typeUrl: TYPE.filterConfig, name: filterName("gateway"), version: snapshot.table.fingerprint },
      ],
    };
    const value = { snapshot, wanted };
    return { value, problems: [...clusters.flatMap((one) => one.problems), ...table.problems] };
  };
}
