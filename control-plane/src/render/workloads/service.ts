import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { ServicePlan } from "../../plan/workload-plan.ts";
import { metadataOf } from "./metadata.ts";

/** A Service in front of pods of a deployment. */
export function renderService(plan: DeploymentPlan, service: ServicePlan): KubernetesObject {
  const { apiVersion, kind } = RESOURCE.service;
  const { annotations, headless, labels, name, ports, selector } = service;
  return {
    apiVersion,
    kind,
    metadata: metadataOf(plan, name, labels, annotations),
    spec: {
      type: "ClusterIP",
      ...(headless ? { clusterIP: "None" } : {}),
      selector,
      ports: ports.map((one) => ({ name: one.name, port: one.port, targetPort: one.port, protocol: "TCP" })),
    },
  };
}
