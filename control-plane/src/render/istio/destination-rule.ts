import { bypassed } from "../../plan/bypass-calls.ts";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { duration } from "../duration.ts";
import type { JsonObject } from "../xds/resource.ts";
import { TLS_MODES, type IstioOptions } from "./options.ts";

export function tls({ tlsMode }: IstioOptions): JsonObject {
  return TLS_MODES.includes(tlsMode) ? { tls: { mode: tlsMode } } : {};
}

/** Limits of the annotations for Ambassador and of the policy, which wins, as Istio calls them. */
function connectionPool({ circuitBreakers = {}, limits }: DeploymentPlan, options: IstioOptions): JsonObject {
  const { maxConnections, maxPendingRequests, maxRetries } = circuitBreakers;
  const maxRequests = limits?.concurrency ?? circuitBreakers.maxRequests;
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

function outlierDetection({ ejection }: DeploymentPlan): JsonObject {
  if (ejection === undefined) return {};
  const { consecutiveErrors, ejectMs, maxPercent } = ejection;
  return {
    outlierDetection: {
      consecutive5xxErrors: consecutiveErrors,
      baseEjectionTime: duration(ejectMs),
      maxEjectionPercent: maxPercent,
    },
  };
}

function retryBudget({ retry }: DeploymentPlan): JsonObject {
  if (retry?.budget === undefined) return {};
  const { percent, minConcurrency } = retry.budget;
  return { retryBudget: { percent, minRetryConcurrency: minConcurrency } };
}

function trafficPolicy(plan: DeploymentPlan, options: IstioOptions): JsonObject {
  return {
    connectionPool: connectionPool(plan, options),
    ...outlierDetection(plan),
    ...retryBudget(plan),
    ...tls(options),
  };
}

/** The same for the Service of each model that routes reach past its orchestrator. Its pods need no subset: all are alike. */
export function renderModelRules(plan: DeploymentPlan, options: IstioOptions): readonly JsonObject[] {
  return bypassed(plan).map(({ bypass }) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "DestinationRule",
    metadata: { name: bypass.serviceName, namespace: plan.namespace },
    spec: { host: bypass.serviceHost, trafficPolicy: trafficPolicy(plan, options) },
  }));
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
      trafficPolicy: trafficPolicy(plan, options),
    },
  };
}
