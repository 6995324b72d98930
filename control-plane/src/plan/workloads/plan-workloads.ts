import type { PlanContext } from "../context.ts";
import { placeOrchestrator, servingPods } from "../orchestrator.ts";
import type { PodSetPlan, ServicePlan, WorkloadPlan } from "../workload-plan.ts";
import type { ComponentPod } from "./component-pod.ts";
import { planComponentPodSet } from "./component-pod-set.ts";
import { planExplainerPods } from "./explainer.ts";
import { planOrchestratorPodSet } from "./orchestrator-pod-set.ts";
import { planContainerServices, planPredictorService } from "./services.ts";

/** Names that two objects of a kind would share: the second would overwrite the first. */
function reportClashes(context: PlanContext, kind: string, objects: readonly (PodSetPlan | ServicePlan)[]): void {
  if (objects.length < 2) return;
  const owners = new Map<string, string>();
  for (const { name, predictor } of objects) {
    const owner = owners.get(name);
    owners.set(name, predictor);
    if (owner === undefined) continue;
    const index = context.resource.spec.predictors.findIndex((one) => one.name === predictor);
    const message = `predictors ${owner} and ${predictor} would both have a ${kind} named ${name}`;
    context.report({ code: "WorkloadNameClash", at: ["spec", "predictors", index, "name"], message });
  }
}

/** The pods and Services of a deployment; `components` are the pods of each predictor. */
export function planWorkloads(context: PlanContext, components: readonly (readonly ComponentPod[])[]): WorkloadPlan {
  const { predictors } = context.resource.spec;
  const orchestrators: PodSetPlan[] = [];
  const pods: PodSetPlan[] = [];
  const predictorServices: ServicePlan[] = [];
  const containerServices: ServicePlan[] = [];
  const explainers = predictors.map((predictor) => planExplainerPods(context, predictor));
  predictors.forEach((predictor, index) => {
    const own = components[index] ?? [];
    const placement = placeOrchestrator(context, predictor);
    const serving = servingPods(predictor, placement);
    if (placement === "separate") orchestrators.push(planOrchestratorPodSet(context, predictor));
    for (const pod of own) {
      const serves = serving.includes(pod.index);
      const duties = { serves, hasOrchestrator: serves && placement === "sidecar" };
      pods.push(planComponentPodSet(context, predictor, index, pod, duties));
    }
    predictorServices.push(planPredictorService(context, predictor, placement));
    containerServices.push(...planContainerServices(context, predictor, own));
  });
  const plan = {
    pods: [...orchestrators, ...pods, ...explainers.flatMap((one) => one.pods)],
    services: [...predictorServices, ...containerServices, ...explainers.flatMap((one) => one.services)],
  };
  reportClashes(context, "Deployment", plan.pods);
  reportClashes(context, "Service", plan.services);
  return plan;
}
