import type { KubernetesObject } from "../../kubernetes-api/object.ts";

/** What runs a deployment, as Kubernetes objects without owners. */
export interface WorkloadObjects {
  readonly services: readonly KubernetesObject[];
  readonly deployments: readonly KubernetesObject[];
  readonly autoscalers: readonly KubernetesObject[];
  readonly scaledObjects: readonly KubernetesObject[];
  readonly disruptionBudgets: readonly KubernetesObject[];
}
