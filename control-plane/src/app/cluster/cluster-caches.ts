import type { ApiClient } from "../../kubernetes-api/api-client.ts";
import type { Clock } from "../../kubernetes-api/clock.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE, type ResourceType } from "../../kubernetes-api/resource-types.ts";
import { needsManagedFields } from "../../deliver/rollout/managed-fields.ts";
import type { LiveObjects } from "../../deliver/rollout/rollout-step.ts";
import { SELDON_CONFIG } from "../../model/seldon-config.ts";
import type { TakeoverRoutes } from "../../render/istio/takeover.ts";
import { startReflector, type Reflector, type ReflectorOptions } from "../../source/kubernetes/reflector.ts";
import { dropBookkeeping } from "../../source/kubernetes/keep.ts";
import { createPolicyIndex } from "./policy-index.ts";
import { createTakeoverIndex, takeoverRoutes, takeoverTarget } from "./takeovers.ts";

export interface ClusterCachesOptions {
  readonly client: Pick<ApiClient, "list" | "watch">;
  /** Undefined: all. */
  readonly namespace: string | undefined;
  /** Where the ConfigMap is. */
  readonly ownNamespace: string;
  readonly istio: boolean;
  readonly keda: boolean;
  readonly clock?: Clock;
  /** Called with the keys (`<namespace>/<name>`) of SeldonDeployments that a change may concern. */
  readonly onChange: (keys: readonly string[]) => void;
  readonly onError: (kind: string, error: unknown) => void;
}

/** What the control plane knows of the cluster, and whom a change of it concerns. */
export interface ClusterCaches {
  /** Resolves when everything has been listed. */
  readonly synced: Promise<void>;
  readonly byKind: ReadonlyMap<string, Reflector>;
  readonly services: Reflector;
  deployment(key: string): KubernetesObject | undefined;
  keys(): readonly string[];
  namespace(name: string): KubernetesObject | undefined;
  policiesFor(key: string): readonly KubernetesObject[];
  /** Keys of all SeldonDeployments that RoutePolicies target, whether they are there or not. */
  policyTargets(): readonly string[];
  /** `seldon-config`. */
  config(): KubernetesObject | undefined;
  live(uid: string): LiveObjects;
  /** Other deployments that answer some of a deployment's requests. */
  takeovers(key: string): readonly TakeoverRoutes[];
  /** Takes in what a write answered. */
  put(object: KubernetesObject): void;
  /** Kinds that are switched on and that the API server does not know. */
  missingKinds(): readonly string[];
  stop(): Promise<void>;
}

const OWNED = [
  RESOURCE.deployment,
  RESOURCE.service,
  RESOURCE.horizontalPodAutoscaler,
  RESOURCE.podDisruptionBudget,
] as const;

/** What Seldon's operator made is taken over by who owns which of its fields. */
function keepUntilOurs(object: KubernetesObject): KubernetesObject {
  return needsManagedFields(object) ? object : dropBookkeeping(object);
}

export function startClusterCaches(options: ClusterCachesOptions): ClusterCaches {
  const { istio, keda, namespace, onChange } = options;
  const byKind = new Map<string, Reflector>();
  const scope = namespace === undefined ? {} : { namespace };

  function start(type: ResourceType, where: Pick<ReflectorOptions, "namespace" | "fieldSelector" | "keep">): Reflector {
    const { client, onError } = options;
    const reflector = startReflector({
      client,
      type,
      ...where,
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      onError: (error) => {
        onError(type.kind, error);
      },
    });
    byKind.set(type.kind, reflector);
    return reflector;
  }

  const deployments = start(RESOURCE.seldonDeployment, scope);
  const policies = start(RESOURCE.routePolicy, scope);
  const config = start(RESOURCE.configMap, {
    namespace: options.ownNamespace,
    fieldSelector: `metadata.name=${SELDON_CONFIG}`,
  });
  const namespaces = namespace === undefined ? start(RESOURCE.namespace, {}) : undefined;
  const optional = [
    ...(istio ? [RESOURCE.virtualService, RESOURCE.destinationRule] : []),
    ...(keda ? [RESOURCE.scaledObject] : []),
  ];
  const keys = (within?: string): readonly string[] => deployments.list(within).map(keyOf);

  const takeovers = createTakeoverIndex();
  deployments.onChange(({ namespace: of, name }, now, before) => {
    const key = `${of}/${name}`;
    onChange([key, ...takeovers.note(key, now, before)]);
  });
  const policyIndex = createPolicyIndex();
  policies.onChange((key, now, before) => {
    onChange(policyIndex.note(key, now, before));
  });
  config.onChange(() => {
    onChange(keys());
  });
  namespaces?.onChange((key, now, before) => {
    if (JSON.stringify(now?.metadata.labels) !== JSON.stringify(before?.metadata.labels)) onChange(keys(key.name));
  });
  const services = start(RESOURCE.service, { ...scope, keep: keepUntilOurs });
  for (const type of [...OWNED, ...optional])
    (byKind.get(type.kind) ?? start(type, { ...scope, keep: keepUntilOurs })).onChange((_, now, before) => {
      const owners = [now, before].flatMap((one) => ownerOf(one) ?? []);
      // Whoever's requests they answer has a copy of their routes.
      const routed = type === RESOURCE.virtualService ? owners : [];
      onChange([...owners, ...routed.flatMap((key) => takeoverTarget(deployments.get(splitKey(key))) ?? [])]);
    });

  const owned = (type: ResourceType, uid: string): readonly KubernetesObject[] =>
    byKind.get(type.kind)?.ownedBy(uid) ?? [];

  return {
    byKind,
    services,
    synced: Promise.all([...byKind.values()].map((one) => one.synced)).then(() => undefined),
    deployment: (key) => deployments.get(splitKey(key)),
    keys: () => keys(),
    namespace: (name) => namespaces?.get({ namespace: "", name }),
    policiesFor: (key) => policyIndex.of(key),
    policyTargets: () => policyIndex.targets(),
    config: () => config.get({ namespace: options.ownNamespace, name: SELDON_CONFIG }),
    live: (uid) => ({
      deployments: owned(RESOURCE.deployment, uid),
      services: owned(RESOURCE.service, uid),
      autoscalers: owned(RESOURCE.horizontalPodAutoscaler, uid),
      scaledObjects: owned(RESOURCE.scaledObject, uid),
      disruptionBudgets: owned(RESOURCE.podDisruptionBudget, uid),
      virtualServices: owned(RESOURCE.virtualService, uid),
      destinationRules: owned(RESOURCE.destinationRule, uid),
    }),
    takeovers: (key) =>
      takeovers.of(key).flatMap((taker) => {
        const resource = deployments.get(splitKey(taker));
        if (resource === undefined || resource.metadata.deletionTimestamp !== undefined) return [];
        return takeoverRoutes(resource, owned(RESOURCE.virtualService, resource.metadata.uid ?? "")) ?? [];
      }),
    put: (object) => {
      byKind.get(object.kind)?.put(object);
    },
    missingKinds: () =>
      [RESOURCE.seldonDeployment, RESOURCE.routePolicy, ...optional]
        .filter(({ kind }) => byKind.get(kind)?.counters.served === false)
        .map(({ kind }) => kind),
    stop: async () => {
      const all = [...byKind.values()];
      for (const one of all) one.stop();
      await Promise.all(all.map((one) => one.stopped));
    },
  };
}

export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const at = key.indexOf("/");
  return { namespace: key.slice(0, at), name: key.slice(at + 1) };
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

/** The SeldonDeployment that an object belongs to. */
function ownerOf(object: KubernetesObject | undefined): string | undefined {
  const owner = object?.metadata.ownerReferences?.find((one) => one.controller === true);
  if (owner?.kind !== RESOURCE.seldonDeployment.kind) return undefined;
  return `${object?.metadata.namespace ?? ""}/${owner.name}`;
}
