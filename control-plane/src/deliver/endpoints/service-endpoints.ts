import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { Endpoint } from "../../render/xds/endpoints.ts";

/** Label of an EndpointSlice: the Service that it is of. */
export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

interface SliceEndpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean | null;
    readonly serving?: boolean | null;
    readonly terminating?: boolean | null;
  };
}

interface SlicePort {
  readonly name?: string | null;
  readonly port?: number | null;
  readonly protocol?: string | null;
}

interface Slice {
  readonly addressType?: string;
  readonly endpoints?: readonly SliceEndpoint[] | null;
  readonly ports?: readonly SlicePort[] | null;
}

interface ServiceSpec {
  readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  readonly ipFamilies?: readonly string[];
}

interface Found extends Endpoint {
  readonly family: string;
  readonly isReady: boolean;
}

/** What of an EndpointSlice counts here; the rest need not be kept. */
export function keepEndpoints(object: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, metadata } = object;
  const { addressType, endpoints, ports } = object as Slice;
  const { name, namespace = "", uid = "", resourceVersion = "" } = metadata;
  const service = metadata.labels?.[SERVICE_NAME_LABEL];
  const labels = service === undefined ? {} : { labels: { [SERVICE_NAME_LABEL]: service } };
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion, ...labels },
    addressType,
    endpoints: (endpoints ?? []).map(({ addresses, conditions }) => ({ addresses, conditions })),
    ports,
  };
}

/**
 * Who answers on a port of a Service. Pods that are ready; where there are none, those that end and still serve. Slices have the
 * pods' own numbers under the port's name, so named target ports need no looking up. Of a Service with two address
 * families its first counts, and the other where that has nobody.
 */
export function serviceEndpoints(
  service: KubernetesObject | undefined,
  slices: readonly KubernetesObject[],
  port: number,
): readonly Endpoint[] {
  const spec = (service?.["spec"] ?? {}) as ServiceSpec;
  const named = spec.ports?.find((one) => one.port === port);
  if (named === undefined) return [];
  const found = slices.flatMap((slice) => endpointsOf(slice as Slice, named.name ?? ""));
  const ready = found.filter((one) => one.isReady);
  return ofOneFamily(ready.length > 0 ? ready : found, spec.ipFamilies ?? []);
}

function endpointsOf({ addressType = "", endpoints, ports }: Slice, portName: string): readonly Found[] {
  const port = ports?.find((one) => (one.name ?? "") === portName && (one.protocol ?? "TCP") === "TCP")?.port;
  if (port === undefined || port === null || addressType === "FQDN") return [];
  return (endpoints ?? []).flatMap(({ addresses = [], conditions = {} }) => {
    // Unknown counts as ready (discovery.k8s.io/v1).
    const isReady = conditions.ready ?? true;
    const stillServes = conditions.terminating === true && conditions.serving === true;
    // Every address of one endpoint is the same pod.
    const [address] = addresses;
    return address !== undefined && (isReady || stillServes) ? [{ address, port, family: addressType, isReady }] : [];
  });
}

function ofOneFamily(found: readonly Found[], preferred: readonly string[]): readonly Endpoint[] {
  const families = [...preferred, ...found.map((one) => one.family)];
  const family = families.find((one) => found.some((endpoint) => endpoint.family === one));
  const addresses = new Map(
    found
      .filter((one) => one.family === family)
      .map(({ address, port }) => [`${address} ${String(port)}`, { address, port }] as const),
  );
  return [...addresses].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}
