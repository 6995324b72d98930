import type { CircuitBreakers, DeploymentPlan } from "../../plan/deployment-plan.ts";
import { CLUSTER_KINDS, clusterName, explainerClusterName, type ClusterKind } from "../../plan/names.ts";
import { OVER_ADS } from "./listener.ts";
import { duration } from "../duration.ts";
import type { XdsOptions } from "./options.ts";
import type { JsonObject, XdsResource } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

function protocolOptions(kind: ClusterKind, options: XdsOptions): JsonObject {
  return {
    "@type": TYPE.httpProtocolOptions,
    common_http_protocol_options: { idle_timeout: duration(options.upstreamIdleTimeoutMs) },
    explicit_http_config: kind === "grpc" ? { http2_protocol_options: {} } : { http_protocol_options: {} },
  };
}

/** What the deployment says, else the gateway's own limits. A budget would win over a number of retries. */
function threshold(breakers: CircuitBreakers, options: XdsOptions): JsonObject {
  const budget = {
    retry_budget: {
      budget_percent: { value: options.retryBudgetPercent },
      min_retry_concurrency: options.retryBudgetMinimum,
    },
  };
  return {
    max_connections: breakers.maxConnections ?? options.maxConnections,
    max_pending_requests: breakers.maxPendingRequests ?? options.maxPendingRequests,
    max_requests: breakers.maxRequests ?? options.maxRequests,
    ...(breakers.maxRetries === undefined ? budget : { max_retries: breakers.maxRetries }),
  };
}

function renderCluster(
  name: string,
  kind: ClusterKind,
  options: XdsOptions,
  breakers: CircuitBreakers = {},
): XdsResource {
  const body = {
    name,
    type: "EDS",
    eds_cluster_config: { eds_config: OVER_ADS },
    connect_timeout: duration(options.connectTimeoutMs),
    lb_policy: "LEAST_REQUEST",
    circuit_breakers: { thresholds: [threshold(breakers, options)] },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": protocolOptions(kind, options),
    },
  };
  return { typeUrl: TYPE.cluster, name, body };
}

/** Two clusters per predictor, shadows included, and one per explainer. Their endpoints come by EDS under the same names. */
export function renderClusters(plan: DeploymentPlan, options: XdsOptions): readonly XdsResource[] {
  return plan.predictors.flatMap((predictor) => {
    const clusters = CLUSTER_KINDS.map((kind) => {
      const name = clusterName(plan.namespace, plan.name, predictor.name, kind);
      return renderCluster(name, kind, options, plan.circuitBreakers);
    });
    if (predictor.explainer === undefined) return clusters;
    const name = explainerClusterName(plan.namespace, plan.name, predictor.name);
    return [...clusters, renderCluster(name, "http", options)];
  });
}
