import type { ApiClient } from "../../../kubernetes-api/api-client.ts";
import type { Clock } from "../../../kubernetes-api/clock.ts";
import { RESOURCE, type ResourceType } from "../../../kubernetes-api/resource-types.ts";
import { startReflector, type Reflector } from "../../../source/kubernetes/reflector.ts";
import type { IstioObjects } from "./istio-objects.ts";

export interface MeshObjectsOptions {
  readonly client: Pick<ApiClient, "list" | "watch">;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  readonly rootNamespace: string;
  readonly clock: Clock;
  readonly onChange: () => void;
  readonly onError: (kind: string, error: unknown) => void;
  /** How long to wait for what perhaps can't be read. Default 5000. */
  readonly waitMs?: number;
}

/** Istio's Gateways and Sidecars, followed. */
export interface MeshObjects {
  /** Resolves when they have been listed, or can't be for a while: then tables hold more than they must. */
  readonly synced: Promise<void>;
  current(): IstioObjects;
  stop(): Promise<void>;
}

export function startMeshObjects(options: MeshObjectsOptions): MeshObjects {
  const { client, namespace, clock, rootNamespace, onChange, onError, waitMs = 5000 } = options;
  const known = new Set<Reflector>();

  function start(type: ResourceType): Reflector {
    const reflector = startReflector({
      client,
      type,
      clock,
      ...(namespace === undefined ? {} : { namespace }),
      onError: (error) => {
        onError(`${type.kind} of Istio`, error);
      },
    });
    reflector.onChange(onChange);
    void reflector.synced.then(
      () => {
        known.add(reflector);
        onChange();
      },
      () => undefined, // stopped before it was listed
    );
    return reflector;
  }

  const gateways = start(RESOURCE.istioGateway);
  const sidecars = start(RESOURCE.istioSidecar);
  const listed = (one: Reflector): ReturnType<Reflector["list"]> | undefined =>
    known.has(one) && one.counters.served ? one.list() : undefined;
  const late = Promise.withResolvers<undefined>();
  const cancel = clock.after(waitMs, () => {
    late.resolve(undefined);
  });
  return {
    synced: Promise.race([Promise.all([gateways.synced, sidecars.synced]), late.promise]).then(() => {
      cancel();
    }),
    current: () => ({ gateways: listed(gateways), sidecars: listed(sidecars), rootNamespace, namespace }),
    stop: async () => {
      cancel();
      late.resolve(undefined);
      for (const one of [gateways, sidecars]) one.stop();
      await Promise.all([gateways.stopped, sidecars.stopped]);
    },
  };
}
