import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { ORCHESTRATOR_CONTAINER, type Container, type PodSetPlan } from "../../plan/workload-plan.ts";
import { applicable } from "./applicable-container.ts";
import { mapField, metadataOf } from "./metadata.ts";

function withGraph(container: Container, enginePredictor: string | undefined): Container {
  if (container.name !== ORCHESTRATOR_CONTAINER || enginePredictor === undefined) return container;
  return { ...container, env: [{ name: "ENGINE_PREDICTOR", value: enginePredictor }, ...(container.env ?? [])] };
}

function renderTemplate(
  { podAnnotations, podLabels, podSpec }: PodSetPlan,
  enginePredictor: string | undefined,
): Readonly<Record<string, unknown>> {
  const { initContainers } = podSpec;
  return {
    metadata: { ...mapField("labels", podLabels), ...mapField("annotations", podAnnotations) },
    spec: {
      ...podSpec,
      ...(initContainers === undefined ? {} : { initContainers: initContainers.map(applicable) }),
      containers: podSpec.containers.map((one) => applicable(withGraph(one, enginePredictor))),
    },
  };
}

/** The Deployment of a set of pods. As in Seldon 1.17.1 none of its pods goes before another is ready. */
export function renderDeployment(
  plan: DeploymentPlan,
  pods: PodSetPlan,
  enginePredictor: string | undefined,
): KubernetesObject {
  const { apiVersion, kind } = RESOURCE.deployment;
  const { annotations, labels, name, progressDeadlineSeconds, replicas, selector } = pods;
  return {
    apiVersion,
    kind,
    metadata: metadataOf(plan, name, labels, annotations),
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }),
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0 } },
      selector: { matchLabels: selector },
      template: renderTemplate(pods, enginePredictor),
    },
  };
}
