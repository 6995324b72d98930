import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { clusterName, explainerClusterName } from "../../plan/names.ts";

/** What stands behind a cluster in Kubernetes. */
export interface ClusterBackend {
  /** Name of the ClusterLoadAssignment: what `renderEndpoints` takes. */
  readonly cluster: string;
  readonly service: { readonly namespace: string; readonly name: string };
  /** Port of the Service, by number. */
  readonly port: number;
}

function predictorBackends(plan: DeploymentPlan, predictor: PredictorPlan): readonly ClusterBackend[] {
  const service = { namespace: plan.namespace, name: predictor.serviceName };
  const { explainer } = predictor;
  const explained = explainer && {
    cluster: explainerClusterName(plan.namespace, plan.name, predictor.name),
    service: { namespace: plan.namespace, name: explainer.serviceName },
    port: explainer.httpPort,
  };
  return [
    { cluster: clusterName(plan.namespace, plan.name, predictor.name, "http"), service, port: predictor.httpPort },
    { cluster: clusterName(plan.namespace, plan.name, predictor.name, "grpc"), service, port: predictor.grpcPort },
    ...(explained === undefined ? [] : [explained]),
  ];
}

/** Everything whose endpoints the clusters of a plan ask for: predictors, shadows included, and their explainers. */
export function clusterBackends(plan: DeploymentPlan): readonly ClusterBackend[] {
  return plan.predictors.flatMap((predictor) => predictorBackends(plan, predictor));
}
