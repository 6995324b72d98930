import type { Json } from "../../render/xds/resource.ts";
import type { XdsNode } from "../xds-server/node-view.ts";

/** Labels of a pod. */
export type Labels = Readonly<Record<string, string>>;

/** What a proxy of Istio says of itself. */
export interface MeshNode {
  /** `router` is a gateway. */
  readonly kind: "router" | "sidecar";
  readonly namespace: string;
  /** Undefined: it does not say. */
  readonly labels: Labels | undefined;
}

/** As Kubernetes names namespaces. */
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** More labels, and longer ones, no pod has reason to carry. */
const MOST_LABELS = 128;
const LONGEST_LABEL = 512;

/**
 * Reads the id `<kind>~<address>~<pod>.<namespace>~<domain>` and the metadata NAMESPACE and LABELS (Istio's proxies). Undefined: it is
 * none, the two namespaces differ, or its labels are none.
 */
export function readMeshNode({ id, metadata }: XdsNode): MeshNode | undefined {
  const [kind, , pod = "", domain, ...rest] = id.split("~");
  if ((kind !== "router" && kind !== "sidecar") || domain === undefined || rest.length > 0) return undefined;
  const namespace = pod.slice(pod.lastIndexOf(".") + 1);
  if (!NAMESPACE.test(namespace)) return undefined;
  const said = metadata["NAMESPACE"];
  if (said !== undefined && said !== namespace) return undefined;
  const labels = readLabels(metadata["LABELS"]);
  return labels === "wrong" ? undefined : { kind, namespace, labels };
}

function readLabels(value: Json | undefined): Labels | undefined | "wrong" {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) return "wrong";
  const entries = Object.entries(value);
  if (entries.length > MOST_LABELS) return "wrong";
  const labels: [string, string][] = [];
  for (const [name, text] of entries) {
    if (typeof text !== "string" || name.length + text.length > LONGEST_LABEL) return "wrong";
    labels.push([name, text]);
  }
  return Object.fromEntries(labels);
}
