import { renderGatewayFilter } from "../../../deliver/gateway-rollout/gateway-table.ts";
import type { GatewaySnapshot } from "../../../deliver/gateway-rollout/rollout.ts";
import { STORED_GATEWAY_FILTER } from "../../../deliver/xds-identity/gateway-views.ts";
import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import type { Checked } from "../../../problem/problem.ts";
import { renderClustersOf } from "../../../render/xds/cluster.ts";
import { encodeResource } from "../../../render/xds/encode.ts";
import { filterName, type WasmSource } from "../../../render/xds/filter-config.ts";
import { hostsBehind, renderGatewayListeners, type GatewayPort } from "../../../render/xds/gateway-listeners.ts";
import { memoized } from "../../../render/xds/memo.ts";
import { DEFAULT_XDS_OPTIONS, type XdsOptions } from "../../../render/xds/options.ts";
import { groupPlans, type PlanGroup } from "../../../render/xds/plan-groups.ts";
import { xdsProblems } from "../../../render/xds/render.ts";
import { TYPE } from "../../../render/xds/type-urls.ts";
import type { WantedState } from "./acceptance.ts";

export interface GatewayRendering {
  readonly ports: readonly GatewayPort[];
  readonly wasm: WasmSource;
  readonly accessLog: XdsOptions["accessLog"];
  /** A number for a table that no table ever had. */
  readonly nextGeneration: () => bigint;
  /** See FilterTableOptions. */
  readonly maxTableBytes?: number;
  /** Plans as they stood in the table before. */
  readonly standing: readonly DeploymentPlan[];
}

/** What gateways are to have, and what of it each deployment needs. */
export interface RenderedGateway {
  readonly snapshot: GatewaySnapshot;
  /** The table's version in it is the fingerprint. */
  readonly wanted: WantedState;
  /** Plans as they stand in the table. */
  readonly standing: readonly DeploymentPlan[];
}

/** What a deployment has for itself, made once for as long as its plan is served. */
const servedOf = memoized((plan: DeploymentPlan) => {
  return { key: plan.key, plan, own: renderClustersOf(plan, DEFAULT_XDS_OPTIONS).map(encodeResource) };
});
const servedOfGroup = memoized((group: PlanGroup) => group.map(servedOf));
const clustersOfGroup = memoized((group: PlanGroup) => servedOfGroup(group).flatMap(({ own }) => own));

/** Renders what our gateways need to serve plans, all but endpoints and certificates, which have their own ways. */
export function renderGateway(
  plans: readonly DeploymentPlan[],
  { ports, accessLog, maxTableBytes, ...tableOptions }: GatewayRendering,
): Checked<RenderedGateway> {
  const groups = groupPlans(plans);
  const table = renderGatewayFilter(plans, {
    ...tableOptions,
    ...(maxTableBytes === undefined ? {} : { maxBytes: maxTableBytes }),
  });
  const snapshot: GatewaySnapshot = {
    backends: groups.flatMap(clustersOfGroup),
    routing: renderGatewayListeners(ports, plans, { accessLog }).map(encodeResource),
    table: {
      fingerprint: table.value.fingerprint,
      encode: () => ({ ...table.value.encode(), name: STORED_GATEWAY_FILTER }),
    },
  };
  const served = groups.flatMap(servedOfGroup);
  const wanted: WantedState = {
    deployments: isOpenToAll(ports) ? served : served.filter(({ plan }) => isBehind(plan, ports)),
    shared: [
      ...snapshot.routing.filter((one) => one.typeUrl !== TYPE.listener),
      { typeUrl: TYPE.filterConfig, name: filterName("gateway"), version: snapshot.table.fingerprint },
    ],
    leftOut: new Set(table.problems.map(({ object }) => object)),
  };
  return {
    value: { snapshot, wanted, standing: table.standing },
    problems: [...xdsProblems(plans), ...table.problems],
  };
}

/** Whatever hosts a deployment has. */
function isOpenToAll(ports: readonly GatewayPort[]): boolean {
  return ports.some(({ doors }) => doors.some(({ host, deployments }) => host === "*" && deployments === undefined));
}

function isBehind(plan: DeploymentPlan, ports: readonly GatewayPort[]): boolean {
  return ports.some(({ doors }) => hostsBehind(plan, doors).length > 0);
}
