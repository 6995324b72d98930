import { RESOURCE, type ResourceType } from "../../kubernetes-api/resource-types.ts";
import type { KubernetesObject, OwnerReference } from "../../kubernetes-api/object.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { PodSetPlan } from "../../plan/workload-plan.ts";
import type { Problem } from "../../problem/problem.ts";
import type { IstioOptions } from "../../render/istio/options.ts";
import { renderIstio, renderPredictorRoutes } from "../../render/istio/render.ts";
import type { TakeoverRoutes } from "../../render/istio/takeover.ts";
import { renderWorkloads } from "../../render/workloads/render-workloads.ts";
import type { EffectiveRoutes } from "./effective-routes.ts";
import { withMarks, withoutMarks } from "./marks.ts";
import { withoutEnginePredictor } from "./pod-template.ts";
import type { RolloutSettings } from "./rollout-step.ts";
import { stableHash } from "./stable-hash.ts";

/** An object as it is to be, with its owner and its hash. */
export interface Wanted {
  readonly type: ResourceType;
  readonly object: KubernetesObject;
}

/** A Deployment as it is to be when nothing of the live one is kept. */
export interface WantedDeployment extends Wanted {
  readonly pods: PodSetPlan;
  /** Hashes of its pod template without and with ENGINE_PREDICTOR. */
  readonly templateHash: string;
  readonly fullTemplateHash: string;
}

/** Everything that a plan wants, the routes between predictors excepted: those depend on who is ready. */
export interface WantedObjects {
  readonly services: readonly Wanted[];
  readonly destinationRules: readonly Wanted[];
  readonly autoscalers: readonly Wanted[];
  readonly scaledObjects: readonly Wanted[];
  readonly disruptionBudgets: readonly Wanted[];
  readonly deployments: readonly WantedDeployment[];
  /** VirtualServices of explainers. */
  readonly explainerRoutes: readonly Wanted[];
  readonly problems: readonly Problem[];
  /** The VirtualService of the predictors, with the mark `joinedAt`; the same routes are rendered once. */
  predictorRoutes(routes: EffectiveRoutes, takeovers: readonly TakeoverRoutes[], joinedAt?: string): Wanted;
  /** Makes an object of this deployment wanted. */
  own(type: ResourceType, object: KubernetesObject): Wanted;
}

function ownerOf(resource: KubernetesObject): OwnerReference {
  const { apiVersion, kind, metadata } = resource;
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? "", controller: true, blockOwnerDeletion: true };
}

function own(owner: OwnerReference, type: ResourceType, object: KubernetesObject, hashed: unknown = object): Wanted {
  const owned = { ...object, metadata: { ...object.metadata, ownerReferences: [owner] } };
  return { type, object: withMarks(owned, { hash: stableHash([hashed, owner.uid]) }) };
}

/** `spec.template` of a Deployment. */
export function templateOf(deployment: KubernetesObject): Readonly<Record<string, unknown>> {
  const spec = deployment["spec"] as { readonly template?: Readonly<Record<string, unknown>> } | undefined;
  return spec?.template ?? {};
}

/** The Service that a pod set's pods serve requests for: the explainer's own, else the predictor's. */
function servesOf(plan: DeploymentPlan, pods: PodSetPlan): string {
  const predictor = plan.predictors.find((one) => one.name === pods.predictor);
  return (pods.role === "explainer" ? predictor?.explainer?.serviceName : predictor?.serviceName) ?? pods.name;
}

function wantDeployment(
  plan: DeploymentPlan,
  owner: OwnerReference,
  object: KubernetesObject,
  pods: PodSetPlan,
): WantedDeployment {
  const bare = withoutEnginePredictor(templateOf(object));
  const templateHash = stableHash(bare);
  const marked = withMarks(object, {
    template: templateHash,
    serves: servesOf(plan, pods),
    ...(pods.replicas === undefined ? {} : { replicas: "set" }),
  });
  const spec = marked["spec"] as Readonly<Record<string, unknown>>;
  // Its template is in the hash already, by its own.
  const wanted = own(owner, RESOURCE.deployment, marked, { ...marked, spec: { ...spec, template: undefined } });
  let fullTemplateHash: string | undefined;
  return {
    ...wanted,
    pods,
    templateHash,
    get fullTemplateHash() {
      return (fullTemplateHash ??= stableHash(templateOf(object)));
    },
  };
}

/** What the routes of every deployment have in common. */
function istioOptionsOf(settings: RolloutSettings): Partial<IstioOptions> {
  return { ...settings.istioOptions, tlsMode: settings.istioTlsMode };
}

function wantRoutes(
  plan: DeploymentPlan,
  owner: OwnerReference,
  settings: RolloutSettings,
  takeovers: readonly TakeoverRoutes[],
  joinedAt: string | undefined,
): Wanted {
  const object = renderPredictorRoutes(plan, istioOptionsOf(settings), takeovers) as unknown as KubernetesObject;
  return own(owner, RESOURCE.virtualService, joinedAt === undefined ? object : withMarks(object, { joinedAt }));
}

function want(plan: DeploymentPlan, resource: KubernetesObject, settings: RolloutSettings): WantedObjects {
  const owner = ownerOf(resource);
  const workloads = renderWorkloads(plan);
  const istio = settings.istio ? renderIstio(plan, istioOptionsOf(settings)) : { value: [], problems: [] };
  const istioObjects = istio.value as readonly unknown[] as readonly KubernetesObject[];
  const all = (type: ResourceType, objects: readonly KubernetesObject[]): readonly Wanted[] =>
    objects.map((one) => own(owner, type, withoutMarks(one)));
  let newest: { readonly key: string; readonly wanted: Wanted } | undefined;
  const podSets = new Map(plan.workloads.pods.map((one) => [one.name, one]));
  const explainerRoutes = istioObjects.filter(
    (one) => one.kind === "VirtualService" && one.metadata.name !== plan.seldonId,
  );
  return {
    services: all(RESOURCE.service, workloads.value.services),
    destinationRules: all(
      RESOURCE.destinationRule,
      istioObjects.filter((one) => one.kind === "DestinationRule"),
    ),
    autoscalers: all(RESOURCE.horizontalPodAutoscaler, workloads.value.autoscalers),
    scaledObjects: all(RESOURCE.scaledObject, workloads.value.scaledObjects),
    disruptionBudgets: all(RESOURCE.podDisruptionBudget, workloads.value.disruptionBudgets),
    deployments: workloads.value.deployments.flatMap((one) => {
      const pods = podSets.get(one.metadata.name);
      return pods === undefined ? [] : [wantDeployment(plan, owner, withoutMarks(one), pods)];
    }),
    explainerRoutes: all(RESOURCE.virtualService, explainerRoutes),
    problems: [...workloads.problems, ...istio.problems],
    predictorRoutes: (routes, takeovers, joinedAt) => {
      const others = takeovers.length === 0 ? "" : JSON.stringify(takeovers);
      const key = `${routes.key} ${others} ${joinedAt ?? ""}`;
      if (newest?.key !== key) newest = { key, wanted: wantRoutes(routes.plan, owner, settings, takeovers, joinedAt) };
      return newest.wanted;
    },
    own: (type, object) => own(owner, type, object),
  };
}

const cache = new WeakMap<DeploymentPlan, { readonly key: string; readonly wanted: WantedObjects }>();

/** Renders a plan; the same plan, owner and settings are rendered once. */
export function wantedObjects(
  plan: DeploymentPlan,
  resource: KubernetesObject,
  settings: RolloutSettings,
): WantedObjects {
  const key = `${resource.metadata.uid} ${resource.apiVersion} ${settings.istio} ${JSON.stringify(istioOptionsOf(settings))}`;
  const known = cache.get(plan);
  if (known?.key === key) return known.wanted;
  const wanted = want(plan, resource, settings);
  cache.set(plan, { key, wanted });
  return wanted;
}
