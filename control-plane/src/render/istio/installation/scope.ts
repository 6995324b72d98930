import type { FilterRole } from "../../xds/filter-config.ts";
import type { JsonObject } from "../../xds/resource.ts";
import type { IstioInstallation } from "./options.ts";

/** Where patches of a role go: whose proxies, what of them. */
export interface Scope {
  readonly role: FilterRole;
  readonly context: "GATEWAY" | "SIDECAR_OUTBOUND" | "SIDECAR_INBOUND";
  /** Labels of the workloads; absent: all of the context. */
  readonly workload?: Readonly<Record<string, string>>;
  /** Each alone; none: listeners and routes of every port. */
  readonly ports: readonly number[];
}

/** Pods of predictors, whoever made them: Seldon's operator wrote this label, and so do we. */
const PREDICTOR_PODS = { "app.kubernetes.io/managed-by": "seldon-core" };

/** Proxies older than Istio 1.28 would refuse whole listeners. */
const PROXY = { proxyVersion: String.raw`^1\.(2[89]|[3-9]\d)\b` };

/** The scopes of an installation. */
export function scopesOf({ gateways, sidecars }: IstioInstallation): readonly Scope[] {
  const workload = typeof gateways === "string" ? {} : { workload: gateways };
  const gateway: Scope = { role: "gateway", context: "GATEWAY", ports: [], ...workload };
  const outbound = (ports: readonly number[]): Scope => ({ role: "outbound", context: "SIDECAR_OUTBOUND", ports });
  const inbound: Scope = { role: "inbound", context: "SIDECAR_INBOUND", ports: [], workload: PREDICTOR_PODS };
  return [
    ...(gateways === "none" ? [] : [gateway]),
    ...(sidecars === undefined ? [] : [outbound(sidecars.ports), inbound]),
  ];
}

/** A match of what a patch is about, for every port of a scope. */
export function matches(scope: Scope, about: (port: JsonObject) => JsonObject = () => ({})): readonly JsonObject[] {
  const ports = scope.ports.length === 0 ? [{}] : scope.ports.map((portNumber) => ({ portNumber }));
  return ports.map((port) => ({ context: scope.context, proxy: PROXY, ...about(port) }));
}

/** An EnvoyFilter with these patches. */
export function envoyFilter(
  { namespace }: Pick<IstioInstallation, "namespace">,
  name: string,
  { workload }: Scope,
  patches: readonly JsonObject[],
): JsonObject {
  return {
    apiVersion: "networking.istio.io/v1alpha3",
    kind: "EnvoyFilter",
    metadata: { name, namespace, labels: { "app.kubernetes.io/name": "graphway" } },
    spec: { ...(workload === undefined ? {} : { workloadSelector: { labels: workload } }), configPatches: patches },
  };
}
