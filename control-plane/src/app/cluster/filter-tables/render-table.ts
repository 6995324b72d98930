import { decodeRouteTable } from "#proto/route-table/decode.ts";
import { AT_GENERATION } from "#proto/vocabulary/table-layout.ts";
import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import { problem, type Problem } from "../../../problem/problem.ts";
import { ISTIO_CLUSTERS, renderFilterTable, renderInboundTable } from "../../../render/filter-table/render.ts";
import { encodeResource, versionOf } from "../../../render/xds/encode.ts";
import { renderFilterConfig, type FilterRole } from "../../../render/xds/filter-config.ts";
import type { EncodedResource } from "../../../render/xds/resource.ts";

/** A table without its generation. */
export interface RenderedTable {
  readonly role: FilterRole;
  /** Generation 0. */
  readonly bytes: Uint8Array;
  /** Of deployments that are left out, or of which an older version goes on; `object` has their keys. */
  readonly problems: readonly Problem[];
  /** Plans as they stand in it. */
  readonly standing: readonly DeploymentPlan[];
}

export interface TableSettings {
  readonly role: FilterRole;
  readonly callerNamespace?: string;
  /** Inbound: headers of ours count only from callers that showed a certificate. */
  readonly peersOnly: boolean;
  /** See FilterTableOptions. */
  readonly maxBytes?: number;
  /** See FilterTableOptions. */
  readonly standing?: readonly DeploymentPlan[];
}

type Render = (plans: readonly DeploymentPlan[]) => Omit<RenderedTable, "role">;

/**
 * The table of these plans, which the filter takes. The filter refuses a table as a whole and Envoy does not hand on why, so every
 * table is read before it is sent; deployments that would make it unreadable are looked for by halves and left out.
 */
export function renderTable(
  plans: readonly DeploymentPlan[],
  settings: TableSettings,
  render: Render = renderWith(settings),
): RenderedTable {
  const all = render(plans);
  const reason = refusalOf(all.bytes);
  if (reason === undefined) return { role: settings.role, ...all };
  const bad = new Set(unreadableAmong(plans, render));
  const rest = render(plans.filter((plan) => !bad.has(plan)));
  const still = refusalOf(rest.bytes);
  if (bad.size === 0 || still !== undefined) throw new Error(`the filter would refuse its table: ${still ?? reason}`);
  const problems = [...bad].map((plan) =>
    problem("FilterTableUnfit", { object: plan.key, path: "spec", message: `the filter would refuse it: ${reason}` }),
  );
  return { role: settings.role, ...rest, problems: [...rest.problems, ...problems] };
}

/**
 * Istio's gateways act as sidecars do for what their pod sends: a VirtualService names the cluster. What a pod gets is trusted as
 * far as a certificate came with it, where the mesh shows certificates.
 */
function renderWith({ role, peersOnly, ...settings }: TableSettings): Render {
  if (role === "inbound") {
    const bytes = renderInboundTable({ generation: 0n, peersOnly });
    return () => ({ bytes, problems: [], standing: [] });
  }
  return (plans) => {
    const options = { role: "outbound", generation: 0n, clusters: ISTIO_CLUSTERS, ...settings } as const;
    const { value, ...said } = renderFilterTable(plans, options);
    return { bytes: value, ...said };
  };
}

function refusalOf(bytes: Uint8Array): string | undefined {
  const decoded = decodeRouteTable(bytes);
  return decoded.ok ? undefined : decoded.reason;
}

function unreadableAmong(plans: readonly DeploymentPlan[], render: Render): readonly DeploymentPlan[] {
  if (plans.length === 0 || refusalOf(render(plans).bytes) === undefined) return [];
  if (plans.length === 1) return plans;
  const middle = plans.length >> 1;
  return [...unreadableAmong(plans.slice(0, middle), render), ...unreadableAmong(plans.slice(middle), render)];
}

/** Equal for equal tables with equal code, whatever their generations. */
export function fingerprintOf({ role, bytes }: RenderedTable, codeVersion: string): string {
  return versionOf(Buffer.concat([Buffer.from(`${role} ${codeVersion} `), bytes]));
}

/**
 * The table as a resource, with the filter's code in it. Its version is the fingerprint: a proxy that has it from another replica,
 * or from before a restart, has the same, unless the table is full: who stands in it is then settled by each replica, and anew by
 * one that starts.
 */
export function encodeTable(
  { role, bytes }: RenderedTable,
  { name, version, generation, code }: { name: string; version: string; generation: bigint; code: Uint8Array },
): EncodedResource {
  const numbered = bytes.slice();
  new DataView(numbered.buffer).setBigUint64(AT_GENERATION, generation, true);
  const { typeUrl, bytes: encoded } = encodeResource(renderFilterConfig(role, numbered, { inlineBytes: code }));
  return { typeUrl, name, version, bytes: encoded };
}
