import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import {
  readDeploymentAnnotations,
  type AnnotatedDeployment,
  type DeploymentAnnotations,
} from "../../model/read-annotations.ts";
import { seldonId } from "../../plan/names.ts";
import type { TakeoverRoutes } from "../../render/istio/takeover.ts";
import type { JsonObject } from "../../render/xds/resource.ts";

const NAME_ANNOTATION = "seldon.io/ambassador-service-name";

type Annotations = NonNullable<AnnotatedDeployment["metadata"]["annotations"]>;

/** What is no text is no annotation; objects are looked at here before anyone has checked them. */
function annotationsOf(object: unknown): Annotations {
  const { annotations } = (object ?? {}) as { readonly annotations?: unknown };
  const entries: readonly (readonly [string, unknown])[] = Object.entries(annotations ?? {});
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

/** The deployment some of whose requests this one answers, and which; most answer their own alone. */
function takeoverOf({ metadata, ...resource }: KubernetesObject): DeploymentAnnotations["takeover"] {
  const [ofSpec, ofObject] = [annotationsOf(resource["spec"]), annotationsOf(metadata)];
  const isSaid = [ofSpec, ofObject].some((map) => (map[NAME_ANNOTATION] ?? "") !== "");
  if (!isSaid) return undefined;
  const { takeover } = readDeploymentAnnotations({
    metadata: { annotations: ofObject },
    spec: { annotations: ofSpec },
  });
  return takeover?.deployment === metadata.name ? undefined : takeover;
}

/** Key of the SeldonDeployment some of whose requests this one answers. */
export function takeoverTarget(resource: KubernetesObject | undefined): string | undefined {
  const takeover = resource === undefined ? undefined : takeoverOf(resource);
  return takeover === undefined ? undefined : `${resource?.metadata.namespace ?? ""}/${takeover.deployment}`;
}

/**
 * The requests of another deployment that this one answers, by the routes that it has itself: they lead only to
 * predictors that can answer. Undefined while it has none.
 */
export function takeoverRoutes(
  resource: KubernetesObject,
  virtualServices: readonly KubernetesObject[],
): TakeoverRoutes | undefined {
  const takeover = takeoverOf(resource);
  const { name, namespace = "" } = resource.metadata;
  const own = virtualServices.find((one) => one.metadata.name === seldonId(name));
  const { http } = (own?.["spec"] ?? {}) as { readonly http?: readonly JsonObject[] };
  if (takeover === undefined || http === undefined) return undefined;
  return { from: { namespace, name }, headers: takeover.headers, http };
}

/** Who answers for whom, kept up to date by changes of SeldonDeployments. */
export interface TakeoverIndex {
  /** Returns the keys of deployments whose routes a change concerns. */
  note(key: string, now: KubernetesObject | undefined, before: KubernetesObject | undefined): readonly string[];
  /** Keys of those that answer requests of a deployment, sorted. */
  of(target: string): readonly string[];
}

export function createTakeoverIndex(): TakeoverIndex {
  const takers = new Map<string, Set<string>>();
  return {
    note(key, now, before) {
      const [target, former] = [takeoverTarget(now), takeoverTarget(before)];
      if (former !== undefined && former !== target) {
        takers.get(former)?.delete(key);
        if (takers.get(former)?.size === 0) takers.delete(former);
      }
      if (target !== undefined) takers.set(target, (takers.get(target) ?? new Set()).add(key));
      return [target, former].filter((one) => one !== undefined);
    },
    of: (target) => [...(takers.get(target) ?? [])].sort(),
  };
}
