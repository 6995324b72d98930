import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { duration } from "../duration.ts";
import type { JsonObject } from "../xds/resource.ts";
import { TLS_MODES, type IstioOptions } from "./options.ts";

export function tls({ tlsMode }: IstioOptions): JsonObject {
  return TLS_MODES.includes(tlsMode) ? { tls: { mode: tlsMode } } : {};
}

/** Limits of the annotations for Ambassador, as Istio calls them. */
function connectionPool({ circuitBreakers = {} }: DeploymentPlan, options: IstioOptions): JsonObject {
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries } = circuitBreakers;
  return {
    ...(maxConnections === undefined ? {} : { tcp: { maxConnections } }),
    http: {
      idleTimeout: duration(options.idleTimeoutMs),
      ...(maxPendingRequests === undefined ? {} : { http1MaxPendingRequests: maxPendingRequests }),
      ...(maxRequests === undefined ? {} : { http2MaxRequests: maxRequests }),
      ...(maxRetries === undefined ? {} : { maxRetries }),
    },
  };
}

/** The DestinationRule of a predictor, shadows included. With a TLS mode it keeps its idle timeout. */
export function renderDestinationRule(
  plan: DeploymentPlan,
  predictor: PredictorPlan,
  options: IstioOptions,
): JsonObject {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: predictor.serviceName, namespace: plan.namespace },
    spec: {
      host: predictor.serviceHost,
      subsets: [{ name: predictor.name, labels: predictor.subsetLabels }],
      trafficPolicy: {
        connectionPool: connectionPool(plan, options),
        ...tls(options),
      },
    },
  };
}
