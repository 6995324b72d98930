import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { bypassed } from "../../plan/bypass-calls.ts";
import {
  CLUSTER_KINDS,
  clusterName,
  explainerClusterName,
  modelClusterName,
  type ClusterKind,
} from "../../plan/names.ts";
import { duration } from "../duration.ts";
import { outlierDetection, threshold, type Limiting } from "./breakers.ts";
import { OVER_ADS } from "./config-source.ts";
import { memoized } from "./memo.ts";
import type { XdsOptions } from "./options.ts";
import { groupPlans, type PlanGroup } from "./plan-groups.ts";
import type { JsonObject, XdsResource } from "./resource.ts";
import { LazyResource } from "./lazy-resource.ts";
import { reused } from "./reused.ts";
import { TYPE } from "./type-urls.ts";

/** What says nothing of limits. */
const USUAL: Limiting = {};

const PROTOCOLS: Readonly<Record<ClusterKind, JsonObject>> = {
  http: { http_protocol_options: {} },
  grpc: { http2_protocol_options: {} },
};

/** What is the same in most clusters. */
interface CommonParts {
  readonly protocols: Readonly<Record<ClusterKind, JsonObject>>;
  readonly breakers: JsonObject;
}

const commonParts = memoized((options: XdsOptions): CommonParts => {
  const protocol = (kind: ClusterKind): JsonObject =>
    reused({
      "@type": TYPE.httpProtocolOptions,
      common_http_protocol_options: { idle_timeout: duration(options.upstreamIdleTimeoutMs) },
      explicit_http_config: PROTOCOLS[kind],
    });
  return {
    protocols: { http: protocol("http"), grpc: protocol("grpc") },
    breakers: reused({ thresholds: [threshold(USUAL, options)] }),
  };
});

function breakers(limiting: Limiting, options: XdsOptions): JsonObject {
  const { circuitBreakers, limits, retry } = limiting;
  const isUsual = circuitBreakers === undefined && limits?.concurrency === undefined && retry?.budget === undefined;
  return isUsual ? commonParts(options).breakers : { thresholds: [threshold(limiting, options)] };
}

function renderCluster(
  name: string,
  kind: ClusterKind,
  options: XdsOptions,
  limiting: Limiting,
  backends: JsonObject,
): XdsResource {
  return new LazyResource(TYPE.cluster, name, () => ({
    name,
    ...backends,
    connect_timeout: duration(options.connectTimeoutMs),
    circuit_breakers: breakers(limiting, options),
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": commonParts(options).protocols[kind],
    },
  }));
}

/** Pods by EDS under the name `endpoints`; it is left out where it is the cluster's own. */
function pods(endpoints?: string): JsonObject {
  const named = endpoints === undefined ? {} : { service_name: endpoints };
  return {
    type: "EDS",
    eds_cluster_config: { eds_config: OVER_ADS, ...named },
    lb_policy: "LEAST_REQUEST",
  };
}

/** The first of these clusters that has a pod which is not ejected. */
function firstOf(clusters: readonly string[]): JsonObject {
  const typed = { "@type": TYPE.aggregateCluster, clusters };
  return {
    cluster_type: { name: "envoy.clusters.aggregate", typed_config: typed },
    lb_policy: "CLUSTER_PROVIDED",
  };
}

/** Name of the cluster of a predictor's own pods, where the cluster by the predictor's name has others stand in. */
function podsClusterName(name: string): string {
  return `${name}/pods`;
}

/** Who answers for a predictor when none of its pods can, in order. Shadows and unknown ones are no help. */
function standIns(plan: DeploymentPlan, predictor: PredictorPlan): readonly string[] {
  if (predictor.shadow) return [];
  const answering = new Set(plan.predictors.flatMap((one) => (one.shadow ? [] : [one.name])));
  return plan.fallback.filter((name) => name !== predictor.name && answering.has(name));
}

function predictorClusters(
  plan: DeploymentPlan,
  predictor: PredictorPlan,
  kind: ClusterKind,
  options: XdsOptions,
  clusterOf: typeof clusterName = clusterName,
): readonly XdsResource[] {
  const nameOf = (one: string): string => clusterOf(plan.namespace, plan.name, one, kind);
  const name = nameOf(predictor.name);
  const others = standIns(plan, predictor);
  const ejecting =
    plan.ejection === undefined ? {} : { outlier_detection: outlierDetection(plan.ejection, others.length > 0) };
  // The same wherever a fallback is said, so that who stands in for whom never changes what a name means.
  if (plan.fallback.length === 0 || predictor.shadow)
    return [renderCluster(name, kind, options, plan, { ...pods(), ...ejecting })];
  const inOrder = [name, ...others.map(nameOf)].map(podsClusterName);
  return [
    renderCluster(podsClusterName(name), kind, options, plan, { ...pods(name), ...ejecting }),
    renderCluster(name, kind, options, plan, firstOf(inOrder)),
  ];
}

const byOptions = memoized((options: XdsOptions) => {
  const ofPlan = memoized((plan: DeploymentPlan): readonly XdsResource[] =>
    plan.predictors.flatMap((predictor) => clustersOf(plan, predictor, options)),
  );
  return { ofPlan, ofGroup: memoized((group: PlanGroup): readonly XdsResource[] => group.flatMap(ofPlan)) };
});

/**
 * Two clusters per predictor, shadows included, two more for a model past its orchestrator, and one per explainer. Their endpoints come by EDS under the same names.
 * With a fallback every predictor that answers has four: the two that routes name are made of those of the pods. Rendered
 * once for a plan and options.
 */
export function renderClustersOf(plan: DeploymentPlan, options: XdsOptions): readonly XdsResource[] {
  return byOptions(options).ofPlan(plan);
}

/** The clusters of all plans. */
export function renderClusters(plans: readonly DeploymentPlan[], options: XdsOptions): readonly XdsResource[] {
  return groupPlans(plans).flatMap(byOptions(options).ofGroup);
}

/** Only then routes lead past orchestrators, and who stands in for whom has such a cluster too. */
function isBypassed(plan: DeploymentPlan, predictor: PredictorPlan): boolean {
  return predictor.bypass !== undefined && bypassed(plan).length > 0;
}

function clustersOf(plan: DeploymentPlan, predictor: PredictorPlan, options: XdsOptions): readonly XdsResource[] {
  const clusters = CLUSTER_KINDS.flatMap((kind) => [
    ...predictorClusters(plan, predictor, kind, options),
    ...(isBypassed(plan, predictor) ? predictorClusters(plan, predictor, kind, options, modelClusterName) : []),
  ]);
  if (predictor.explainer === undefined) return clusters;
  const name = explainerClusterName(plan.namespace, plan.name, predictor.name);
  return [...clusters, renderCluster(name, "http", options, USUAL, pods())];
}
