import { encodeRouteTable } from "#proto/route-table/encode.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import { MAX_TABLE_BYTES } from "#proto/vocabulary/limits.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { type Checked, problem, type Problem } from "../../problem/problem.ts";
import { tableEntry } from "./entry.ts";
import { type Seat, Seats } from "./seats.ts";
import { stillStands } from "./still-stands.ts";
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
  /** Plans as they stood in the table before: they keep their places, and go on where their newest version has none. */
  readonly standing?: readonly DeploymentPlan[];
}

/** A table, and which plans stand in it. */
export interface Standing<T> extends Checked<T> {
  /** Of some an older version than was given. */
  readonly standing: readonly DeploymentPlan[];
}

/**
 * What the filter must know about the plans, before it is bytes. Of a deployment that cannot stand in a table, or for which there
 * is no room, the version before goes on, where there was one that still can; else Envoy's own weighted route serves it. Either is
 * told by a problem, and the others are not touched.
 */
export function planRouteTable(plans: readonly DeploymentPlan[], options: FilterTableOptions): Standing<RouteTable> {
  const problems: Problem[] = [];
  const limit = Math.min(options.maxBytes ?? MAX_TABLE_BYTES, MAX_TABLE_BYTES);
  const candidates = candidatesOf(plans, options, problems);
  const seats = seatsOf(candidates, limit);
  for (const { plan, unfitBecause } of candidates) {
    const seat = seats.get(plan.key);
    if (seat?.plan === plan) continue;
    const instead = seat === undefined ? "Envoy's weighted routes serve it" : "its version before stays in force";
    const code = unfitBecause === undefined ? "FilterTableFull" : "FilterTableUnfit";
    const because = unfitBecause ?? `the filter's table is full at ${limit} bytes`;
    problems.push(problem(code, { object: plan.key, path: "spec", message: `${because}; ${instead}` }));
  }
  const all = seats.all();
  const deployments = all.map(({ deployment }) => deployment);
  return {
    value: { role: options.role, generation: options.generation, deployments },
    problems,
    standing: all.map(({ plan }) => plan),
  };
}

/** What a deployment may stand in the table as. */
interface Candidate {
  readonly plan: DeploymentPlan;
  /** Absent: it cannot. */
  readonly newest?: Seat;
  readonly unfitBecause?: string;
  /** It stood in the table before, and took so many bytes. */
  readonly stoodBytes?: number;
  /** As it stood, where it can go on so. */
  readonly before?: Seat;
}

function candidatesOf(
  plans: readonly DeploymentPlan[],
  options: FilterTableOptions,
  problems: Problem[],
): readonly Candidate[] {
  const standing = new Map(options.standing?.map((plan) => [plan.key, plan]));
  let last: string | undefined;
  return [...plans]
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .flatMap((plan) => {
      if (plan.key === last) {
        problems.push(problem("FilterTableUnfit", { object: plan.key, message: "its key stands twice" }));
        return [];
      }
      last = plan.key;
      return [candidateOf(plan, standing.get(plan.key), options)];
    });
}

function candidateOf(plan: DeploymentPlan, stood: DeploymentPlan | undefined, options: FilterTableOptions): Candidate {
  const entry = tableEntry(plan, options);
  const newest = "unfitBecause" in entry ? entry : { newest: { plan, ...entry } };
  if (stood === undefined) return { plan, ...newest };
  const before = tableEntry(stood, options);
  const goesOn =
    !("unfitBecause" in before) && (stood === plan || stillStands(before.deployment, stood, plan, options));
  const stoodBytes = "unfitBecause" in before ? 0 : before.bytes;
  return { plan, ...newest, stoodBytes, ...(goesOn ? { before: { plan: stood, ...before } } : {}) };
}

/**
 * Who stood in the table keeps a place, as the newest where that takes no more bytes, else with the version before. Then come those
 * of them who have no place yet, then those who grow, then the others; each by key.
 */
function seatsOf(candidates: readonly Candidate[], limit: number): Seats {
  const seats = new Seats(limit);
  const [stood, others] = [candidates.filter(hasStood), candidates.filter((one) => !hasStood(one))];
  for (const { newest, before, stoodBytes } of stood) {
    const keeps = newest !== undefined && newest.bytes <= stoodBytes ? newest : before;
    if (keeps !== undefined) seats.take(keeps);
  }
  const hasSeat = ({ plan }: Candidate): boolean => seats.get(plan.key) !== undefined;
  const inOrder = [...stood.filter((one) => !hasSeat(one)), ...stood.filter(hasSeat), ...others];
  for (const { plan, newest } of inOrder)
    if (newest !== undefined && seats.get(plan.key)?.plan !== plan) seats.take(newest);
  return seats;
}

function hasStood(candidate: Candidate): candidate is Candidate & { readonly stoodBytes: number } {
  return candidate.stoodBytes !== undefined;
}

/**
 * The filter's table as bytes (proto/schema/route-table.md), at most MAX_TABLE_BYTES. The same plans in the place of the same ones
 * give the same bytes.
 */
export function renderFilterTable(plans: readonly DeploymentPlan[], options: FilterTableOptions): Standing<Uint8Array> {
  const { value, ...said } = planRouteTable(plans, options);
  return { value: encodeRouteTable(value), ...said };
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
