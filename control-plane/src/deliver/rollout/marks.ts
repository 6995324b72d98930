import type { KubernetesObject } from "../../kubernetes-api/object.ts";

/** Annotations by which a turn knows what earlier ones did; everything else is seen from the objects themselves. */
export const MARK = {
  /** Hash of what was wanted when the object was written. */
  hash: "graphway.dev/hash",
  /** On Deployments: hash of the pod template without ENGINE_PREDICTOR. */
  template: "graphway.dev/template-hash",
  /** On Deployments: the predictor's or explainer's Service that their pods serve. */
  serves: "graphway.dev/serves",
  /** On Deployments whose number of pods the resource says. */
  replicas: "graphway.dev/replicas",
  /** On Deployments that keep the pods Seldon's operator gave them: hash of the template they were taken over with. */
  adopted: "graphway.dev/adopted-template",
  /** On Deployments that stand in while one of that name is made anew. */
  bridge: "graphway.dev/bridge-for",
  /** On Deployments that get no new requests: since when, RFC 3339. */
  unroutedAt: "graphway.dev/unrouted-at",
  /** On Services: the ports that we keep beside the wanted ones because routes lead there, or did, separated by blanks. */
  keptPorts: "graphway.dev/kept-ports",
  /** On Services of whose ports routes have left some: since when, and which, `<RFC 3339> <port> …`. */
  portsLeftAt: "graphway.dev/ports-left-at",
  /** On Services that have ports to which routes are to move: since when pods answer there, and which, `<RFC 3339> <port> …`. */
  portsAt: "graphway.dev/ports-at",
  /** On Services to which our own gateways send requests: at which ports, `<HTTP> <gRPC>`. Absent: at those it began with. */
  routedPorts: "graphway.dev/routed-ports",
  /** On VirtualServices: since when they lead to predictors that joined them, `<predictor>=<RFC 3339>`, separated by blanks. */
  joinedAt: "graphway.dev/joined-at",
} as const;

/** Field manager that holds `spec.replicas` between us and an autoscaler. */
export const REPLICAS_MANAGER = "graphway-replicas";

/** Seldon's operator keeps what it wrote last on its Deployments. */
export const SELDON_LAST_APPLIED = "seldon.io/last-applied";

/** Written by Seldon's operator, and not by us since. */
export function isSeldons(object: KubernetesObject): boolean {
  return markOf(object, "hash") === undefined || object.metadata.annotations?.[SELDON_LAST_APPLIED] !== undefined;
}

export function markOf(object: KubernetesObject | undefined, mark: keyof typeof MARK): string | undefined {
  return object?.metadata.annotations?.[MARK[mark]];
}

const MARK_KEYS: ReadonlySet<string> = new Set(Object.values(MARK));

/** The object without marks: what a user has so named in a resource would be taken for what an earlier turn did. */
export function withoutMarks(object: KubernetesObject): KubernetesObject {
  const annotations = Object.entries(object.metadata.annotations ?? {});
  const kept = annotations.filter(([key]) => !MARK_KEYS.has(key));
  if (kept.length === annotations.length) return object;
  return { ...object, metadata: { ...object.metadata, annotations: Object.fromEntries(kept) } };
}

/** The object with further annotations. */
export function withMarks(
  object: KubernetesObject,
  marks: Partial<Record<keyof typeof MARK, string>>,
): KubernetesObject {
  const added = Object.entries(marks).map(([mark, value]) => [MARK[mark as keyof typeof MARK], value]);
  const annotations = { ...object.metadata.annotations, ...(Object.fromEntries(added) as Record<string, string>) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
