import { createGenerations } from "../../control-plane/src/deliver/gateway-rollout/generations.ts";
import type { DeploymentPlan } from "../../control-plane/src/plan/deployment-plan.ts";
import type { Checked } from "../../control-plane/src/problem/problem.ts";
import {
  ISTIO_CLUSTERS,
  renderFilterTable,
  renderInboundTable,
} from "../../control-plane/src/render/filter-table/render.ts";
import type { IstioInstallation } from "../../control-plane/src/render/istio/installation/options.ts";
import { renderIstiodTable } from "../../control-plane/src/render/istio/installation/render.ts";
import type { FilterRole } from "../../control-plane/src/render/xds/filter-config.ts";
import type { JsonObject } from "../../control-plane/src/render/xds/resource.ts";

const ROLES: readonly FilterRole[] = ["gateway", "outbound", "inbound"];

/** Gateways of a mesh act as sidecars do for what their pod sends: a VirtualService names the cluster. */
function tableOf(role: FilterRole, plans: readonly DeploymentPlan[], generation: bigint): Checked<Uint8Array> {
  if (role === "inbound") return { value: renderInboundTable({ generation, peersOnly: false }), problems: [] };
  return renderFilterTable(plans, { role: "outbound", generation, clusters: ISTIO_CLUSTERS });
}

/**
 * The EnvoyFilters by which istiod hands out the filter with a table of these plans, to every role of the installation.
 * A snapshot: who changes a deployment writes them anew.
 */
export function renderIstiodTables(
  installation: IstioInstallation,
  plans: readonly DeploymentPlan[],
  code: Uint8Array,
  generation: bigint = createGenerations()(),
): Checked<readonly JsonObject[]> {
  const rendered = ROLES.map((role) => {
    const table = tableOf(role, plans, generation);
    const object = renderIstiodTable(installation, role, table.value, { inlineBytes: code });
    return { value: object.value, problems: [...table.problems, ...object.problems] };
  });
  return {
    value: rendered.map(({ value }) => value).filter((value) => value !== undefined),
    problems: rendered.flatMap(({ problems }) => problems),
  };
}
