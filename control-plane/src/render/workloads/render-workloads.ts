import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Checked } from "../../problem/problem.ts";
import { renderEnginePredictor } from "../orchestrator/engine-predictor.ts";
import { renderDeployment } from "./deployment.ts";
import { renderDisruptionBudget, renderHorizontalPodAutoscaler, renderScaledObject } from "./scaling.ts";
import { renderService } from "./service.ts";
import type { WorkloadObjects } from "./workload-objects.ts";

/** The graph of each predictor as its orchestrator is started with it. */
function enginePredictors(plan: DeploymentPlan): ReadonlyMap<string, string> {
  const called = plan.predictors.filter((one) => one.orchestrator !== "none");
  return new Map(called.map((one) => [one.name, renderEnginePredictor(plan, one)]));
}

/** Every Kubernetes object that runs a deployment, complete but for owner and status. The same plan gives the same objects. */
export function renderWorkloads(plan: DeploymentPlan): Checked<WorkloadObjects> {
  const { pods, services } = plan.workloads;
  const graphs = enginePredictors(plan);
  const present = (objects: readonly (KubernetesObject | undefined)[]): readonly KubernetesObject[] =>
    objects.filter((one) => one !== undefined);
  const value = {
    services: services.map((one) => renderService(plan, one)),
    deployments: pods.map((one) => renderDeployment(plan, one, graphs.get(one.predictor))),
    autoscalers: present(pods.map((one) => renderHorizontalPodAutoscaler(plan, one))),
    scaledObjects: present(pods.map((one) => renderScaledObject(plan, one))),
    disruptionBudgets: present(pods.map((one) => renderDisruptionBudget(plan, one))),
  };
  return { value, problems: [] };
}
