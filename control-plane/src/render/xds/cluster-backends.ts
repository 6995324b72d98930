import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { bypassed } from "../../plan/bypass-calls.ts";
import { CLUSTER_KINDS, clusterName, explainerClusterName, modelClusterName } from "../../plan/names.ts";

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
    ...modelBackends(plan, predictor),
    ...(explained === undefined ? [] : [explained]),
  ];
}

function modelBackends(plan: DeploymentPlan, { name, bypass }: PredictorPlan): readonly ClusterBackend[] {
  if (bypass === undefined || bypassed(plan).length === 0) return [];
  const service = { namespace: plan.namespace, name: bypass.serviceName };
  const ports = { http: bypass.httpPort, grpc: bypass.grpcPort };
  return CLUSTER_KINDS.map((kind) => {
    return { cluster: modelClusterName(plan.namespace, plan.name, name, kind), service, port: ports[kind] };
  });
}

/** Everything whose endpoints the clusters of a plan ask for: predictors, shadows included, and their explainers. */
export function clusterBackends(plan: DeploymentPlan): readonly ClusterBackend[] {
  return plan.predictors.flatMap((predictor) => predictorBackends(plan, predictor));
}
