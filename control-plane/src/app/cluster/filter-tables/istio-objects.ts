import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import type { Labels } from "../../../deliver/xds-identity/mesh-node.ts";

/** Istio's `Gateway`s and `Sidecar`s as far as they are known; undefined: they can't be read, or the cluster has no such kind. */
export interface IstioObjects {
  readonly gateways: readonly KubernetesObject[] | undefined;
  readonly sidecars: readonly KubernetesObject[] | undefined;
  /** Whose `Sidecar` without a selector counts for namespaces that have none. */
  readonly rootNamespace: string;
  /** The only namespace that they are known of; absent: all. */
  readonly namespace?: string | undefined;
}

interface GatewaySpec {
  readonly selector?: Labels;
}

interface SidecarSpec {
  readonly workloadSelector?: { readonly labels?: Labels };
  readonly egress?: readonly { readonly hosts?: readonly string[] }[];
}

/** True when the pod has all of these labels. */
function selects(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([name, value]) => labels[name] === value);
}

/**
 * Of which of these gateways (`<namespace>/<name>`) a proxy with the labels is one, as Istio decides it: by the selector of the
 * `Gateway`, which selects in all namespaces. One whose `Gateway` is not known may be any proxy's.
 */
export function gatewaysOf(
  labels: Labels | undefined,
  named: readonly string[],
  gateways: IstioObjects["gateways"],
): readonly string[] {
  if (labels === undefined || gateways === undefined) return named;
  const byName = new Map(gateways.map((one) => [`${one.metadata.namespace ?? ""}/${one.metadata.name}`, one]));
  return named.filter((name) => {
    const gateway = byName.get(name);
    const { selector = {} } = (gateway?.["spec"] ?? {}) as GatewaySpec;
    return gateway === undefined || selects(selector, labels);
  });
}

/** Everything may be called. */
export const EVERYTHING: readonly string[] = ["*/*"];

/**
 * Which hosts (`<namespace>/<DNS name>`; `.` and `~` as in Istio) a pod may call, of all ports together: by the `Sidecar` that selects it,
 * the oldest if several do; else by its namespace's; else by the root namespace's. One without egress leaves it to the next.
 */
export function egressHosts(
  namespace: string,
  labels: Labels | undefined,
  { sidecars = [], rootNamespace }: IstioObjects,
): readonly string[] {
  const specOf = (one: KubernetesObject): SidecarSpec => one["spec"] ?? {};
  const within = (place: string): readonly KubernetesObject[] =>
    sidecars.filter((one) => one.metadata.namespace === place).sort(byAge);
  const own = within(namespace);
  const chain = [
    ...own
      .filter((one) => {
        const selector = specOf(one).workloadSelector?.labels;
        return selector !== undefined && labels !== undefined && selects(selector, labels);
      })
      .slice(0, 1),
    ...own.filter((one) => specOf(one).workloadSelector === undefined).slice(0, 1),
    ...within(rootNamespace)
      .filter((one) => specOf(one).workloadSelector === undefined)
      .slice(0, 1),
  ];
  for (const one of chain) {
    const { egress = [] } = specOf(one);
    if (egress.length > 0) return [...new Set(egress.flatMap(({ hosts = [] }) => hosts))].sort();
  }
  return EVERYTHING;
}

function byAge(one: KubernetesObject, other: KubernetesObject): number {
  const [a, b] = [one, other].map(({ metadata }) => `${metadata.creationTimestamp ?? ""} ${metadata.name}`);
  return (a ?? "") < (b ?? "") ? -1 : 1;
}

/** True when routes of a namespace with these hosts are among what may be called. `domain` completes short names. */
export function mayCall(
  hosts: readonly string[],
  caller: string,
  callee: { readonly namespace: string; readonly hosts: readonly string[] },
  domain: string,
): boolean {
  const names = callee.hosts.map((host) => (/[.*]/.test(host) ? host : `${host}.${callee.namespace}.svc.${domain}`));
  return hosts.some((entry) => {
    const at = entry.indexOf("/");
    const [place, pattern] = [entry.slice(0, Math.max(at, 0)), entry.slice(at + 1)];
    if (place === "~") return false;
    if (place !== "*" && (place === "." ? caller : place) !== callee.namespace) return false;
    return names.some((name) => overlap(pattern, name));
  });
}

/** True when some name fits both; each may be `*` or begin with `*.`. */
function overlap(one: string, other: string): boolean {
  const covers = (pattern: string, name: string): boolean =>
    pattern === "*" || pattern === name || (pattern.startsWith("*.") && name.endsWith(pattern.slice(1)));
  return covers(one, other) || covers(other, one);
}
