import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { PodSetPlan } from "../../plan/workload-plan.ts";
import { deploymentLabels, metadataOf } from "./metadata.ts";

/** The HorizontalPodAutoscaler of a set of pods, if it has one. */
export function renderHorizontalPodAutoscaler(
  plan: DeploymentPlan,
  { autoscaler, name }: PodSetPlan,
): KubernetesObject | undefined {
  if (autoscaler?.kind !== "hpa") return undefined;
  const { apiVersion, kind } = RESOURCE.horizontalPodAutoscaler;
  const { maxReplicas, metrics, minReplicas } = autoscaler;
  return {
    apiVersion,
    kind,
    metadata: metadataOf(plan, name, deploymentLabels(plan)),
    spec: {
      scaleTargetRef: { apiVersion: RESOURCE.deployment.apiVersion, kind: RESOURCE.deployment.kind, name },
      ...(minReplicas === undefined ? {} : { minReplicas }),
      maxReplicas,
      ...(metrics.length === 0 ? {} : { metrics }),
    },
  };
}

/** KEDA's ScaledObject of a set of pods, if it has one. */
export function renderScaledObject(
  plan: DeploymentPlan,
  { autoscaler, name }: PodSetPlan,
): KubernetesObject | undefined {
  if (autoscaler?.kind !== "keda") return undefined;
  const { apiVersion, kind } = RESOURCE.scaledObject;
  return {
    apiVersion,
    kind,
    metadata: metadataOf(plan, name, deploymentLabels(plan)),
    spec: { scaleTargetRef: { name }, ...autoscaler.spec },
  };
}

/** The PodDisruptionBudget of a set of pods, if it has one. It counts the pods of this set alone. */
export function renderDisruptionBudget(
  plan: DeploymentPlan,
  { disruptionBudget, name, selector }: PodSetPlan,
): KubernetesObject | undefined {
  if (disruptionBudget === undefined) return undefined;
  const { apiVersion, kind } = RESOURCE.podDisruptionBudget;
  return {
    apiVersion,
    kind,
    metadata: metadataOf(plan, name, deploymentLabels(plan)),
    spec: { ...disruptionBudget, selector: { matchLabels: selector } },
  };
}
