import { createHash } from "node:crypto";
import type { Labels, MeshNode } from "../../../deliver/xds-identity/mesh-node.ts";
import { filterName, type FilterRole } from "../../../render/xds/filter-config.ts";

/** Which proxies have one table: those of one role and namespace with the same labels. */
export interface Scope {
  readonly role: FilterRole;
  readonly namespace: string;
  readonly labels: Labels | undefined;
}

/** Labels by which no Gateway or Sidecar selects: they differ from pod to pod or from one version of a template to the next. */
const POD_LABELS: ReadonlySet<string> = new Set([
  "pod-template-hash",
  "controller-revision-hash",
  "pod-template-generation",
  "rollouts-pod-template-hash",
  "statefulset.kubernetes.io/pod-name",
  "apps.kubernetes.io/pod-index",
]);

/** The scope of a proxy in one role. Inbound all proxies have one, as its table says nothing of deployments. */
export function scopeOf({ namespace, labels }: MeshNode, role: FilterRole): Scope {
  if (role === "inbound") return { role, namespace: "", labels: undefined };
  if (labels === undefined) return { role, namespace, labels };
  const kept = Object.entries(labels)
    .filter(([name]) => !POD_LABELS.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { role, namespace, labels: Object.fromEntries(kept) };
}

/** Name of a scope's table in the store; never on the wire. */
export function storedTableName({ role, namespace, labels }: Scope): string {
  const hash = labels === undefined ? "" : createHash("sha256").update(JSON.stringify(labels)).digest("hex");
  return `${filterName(role)}#${namespace}/${hash.slice(0, 16)}`;
}
