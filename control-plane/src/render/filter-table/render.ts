import { encodeRouteTable } from "#proto/route-table/encode.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import { MAX_TABLE_BYTES } from "#proto/vocabulary/limits.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { type Checked, problem, type Problem } from "../../problem/problem.ts";
import { tableEntry } from "./entry.ts";
import { Room } from "./room.ts";
import type { Audience } from "./table-deployment.ts";

export { type ClusterNaming, ISTIO_CLUSTERS, OWN_CLUSTERS } from "./clusters.ts";

/**
 * Which table to render: how its filter acts (`role`), not under which name Envoy asks for it.
 *
 * - Our own gateway: role `gateway`, OWN_CLUSTERS, served as `graphway.gateway`. The filter names the cluster of the predictor.
 * - Istio's gateways: role `outbound`, ISTIO_CLUSTERS, served as `graphway.gateway` too, because a gateway asks for that name. A
 *   VirtualService names the cluster by the predictor's header.
 * - Sidecars, for what their pod sends: role `outbound`, ISTIO_CLUSTERS and `callerNamespace`, served as `graphway.outbound`.
 * - Sidecars, for what their pod gets: `renderInboundTable`, served as `graphway.inbound`.
 *
 * So the role of `renderFilterConfig`, which is the name, may differ from this one.
 */
export interface FilterTableOptions extends Audience {
  readonly role: "gateway" | "outbound";
  /** Never used twice for different contents, by no replica and no restart; 64 bits. */
  readonly generation: bigint;
  /** Largest table in bytes; default and most MAX_TABLE_BYTES. What goes through istiod has less room. */
  readonly maxBytes?: number;
}

/**
 * What the filter must know about the plans, before it is bytes. A deployment that cannot stand in a table is left out with a
 * problem, and Envoy's own weighted route serves it; the others are not touched.
 */
export function planRouteTable(plans: readonly DeploymentPlan[], options: FilterTableOptions): Checked<RouteTable> {
  const problems: Problem[] = [];
  const limit = Math.min(options.maxBytes ?? MAX_TABLE_BYTES, MAX_TABLE_BYTES);
  const room = new Room(limit);
  for (const plan of [...plans].sort((a, b) => (a.key < b.key ? -1 : 1))) {
    const entry = plan.key === room.last ? { unfitBecause: "its key stands twice" } : tableEntry(plan, options);
    if ("unfitBecause" in entry) {
      problems.push(problem("FilterTableUnfit", { object: plan.key, message: entry.unfitBecause }));
    } else if (!room.take(entry.deployment, entry.bytes)) {
      const message = `the filter's table is full at ${limit} bytes`;
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

/** What a sidecar's filter is told about the requests that its pod gets. */
export interface InboundTableOptions {
  /** As in FilterTableOptions. */
  readonly generation: bigint;
  /** True where the mesh shows certificates: what others than peers say in our headers is then removed. */
  readonly peersOnly: boolean;
}

/** The table of incoming requests: copies are tagged, a client's wishes end here. It knows no deployment. */
export function renderInboundTable({ generation, peersOnly }: InboundTableOptions): Uint8Array {
  return encodeRouteTable({ role: "inbound", generation, ...(peersOnly ? { peersOnly } : {}), deployments: [] });
}
