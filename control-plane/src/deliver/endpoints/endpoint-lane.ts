import type { KubernetesObject, ObjectKey } from "../../kubernetes-api/object.ts";
import type { ClusterBackend } from "../../render/xds/cluster-backends.ts";
import { encodeResource } from "../../render/xds/encode.ts";
import { renderEndpoints } from "../../render/xds/endpoints.ts";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { ResourceStore } from "../xds-server/resource-store.ts";
import { SERVICE_NAME_LABEL, serviceEndpoints } from "./service-endpoints.ts";

export interface EndpointLaneOptions {
  readonly store: Pick<ResourceStore, "get" | "apply">;
  readonly serviceOf: (key: ObjectKey) => KubernetesObject | undefined;
}

/** Brings who answers from EndpointSlices to the store, at once and without waiting for any plan. */
export interface EndpointLane {
  /** From now on the endpoints of these clusters are served, and kept up to date. */
  serve(backends: readonly ClusterBackend[]): void;
  /** The endpoints of these clusters are served no more. */
  drop(clusters: readonly string[]): void;
  sliceChanged(now: KubernetesObject | undefined, before: KubernetesObject | undefined): void;
  serviceChanged(key: ObjectKey): void;
}

export function createEndpointLane({ store, serviceOf }: EndpointLaneOptions): EndpointLane {
  /** By name of the cluster. */
  const served = new Map<string, ClusterBackend>();
  const clustersOf = createGroups<string>();
  /** Service -> name of the slice -> slice. */
  const slicesOf = new Map<string, Map<string, KubernetesObject>>();

  function render({ cluster, service, port }: ClusterBackend): EncodedResource {
    const slices = [...(slicesOf.get(textOf(service))?.values() ?? [])];
    return encodeResource(renderEndpoints(cluster, serviceEndpoints(serviceOf(service), slices, port)));
  }

  function refresh(clusters: Iterable<string>): void {
    const set = [...clusters].flatMap((cluster) => {
      const backend = served.get(cluster);
      return backend === undefined ? [] : [render(backend)];
    });
    if (set.length > 0) store.apply({ set, remove: [] });
  }

  function noteSlice(now: KubernetesObject | undefined, before: KubernetesObject | undefined): ReadonlySet<string> {
    const concerned = new Set<string>();
    const forget = before && serviceKeyOf(before);
    if (before !== undefined && forget !== undefined) {
      const slices = slicesOf.get(forget);
      slices?.delete(before.metadata.name);
      if (slices?.size === 0) slicesOf.delete(forget);
      concerned.add(forget);
    }
    const of = now && serviceKeyOf(now);
    if (now !== undefined && of !== undefined) {
      const slices = slicesOf.get(of) ?? new Map<string, KubernetesObject>();
      slicesOf.set(of, slices.set(now.metadata.name, now));
      concerned.add(of);
    }
    return concerned;
  }

  return {
    serve(backends) {
      for (const backend of backends) {
        const before = served.get(backend.cluster);
        if (before !== undefined) clustersOf.remove(textOf(before.service), before.cluster);
        served.set(backend.cluster, backend);
        clustersOf.add(textOf(backend.service), backend.cluster);
      }
      refresh(backends.map(({ cluster }) => cluster));
    },
    drop(clusters) {
      for (const cluster of clusters) {
        const backend = served.get(cluster);
        if (backend !== undefined) clustersOf.remove(textOf(backend.service), cluster);
        served.delete(cluster);
      }
      store.apply({ set: [], remove: clusters.map((name) => ({ typeUrl: TYPE.endpoints, name })) });
    },
    sliceChanged(now, before) {
      for (const service of noteSlice(now, before)) refresh(clustersOf.of(service));
    },
    serviceChanged(key) {
      refresh(clustersOf.of(textOf(key)));
    },
  };
}

function textOf({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`;
}

function serviceKeyOf({ metadata }: KubernetesObject): string | undefined {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? undefined : textOf({ namespace: metadata.namespace ?? "", name });
}

/** Sets by a key; a key whose set is empty is forgotten. */
function createGroups<T>() {
  const groups = new Map<string, Set<T>>();
  return {
    of: (key: string): readonly T[] => [...(groups.get(key) ?? [])],
    add(key: string, value: T): void {
      groups.set(key, (groups.get(key) ?? new Set<T>()).add(value));
    },
    remove(key: string, value: T): void {
      const group = groups.get(key);
      group?.delete(value);
      if (group?.size === 0) groups.delete(key);
    },
  };
}
