import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { duration } from "../duration.ts";
import type { JsonObject } from "../xds/resource.ts";
import { TLS_MODES, type IstioOptions } from "./options.ts";

function tls({ tlsMode }: IstioOptions): JsonObject {
  return TLS_MODES.includes(tlsMode) ? { tls: { mode: tlsMode } } : {};
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
        connectionPool: { http: { idleTimeout: duration(options.idleTimeoutMs) } },
        ...tls(options),
      },
    },
  };
}
