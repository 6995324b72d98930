import type { IntOrString, PodSpec, StringMap } from "../model/kubernetes.ts";

export type { Container, IntOrString, PodSpec, StringMap } from "../model/kubernetes.ts";

/** What must run in a cluster for a deployment: names, labels and pods as Seldon 1.17.1 gives them. Nobody edits it. */
export interface WorkloadPlan {
  /** Orchestrators in pods of their own first, then the pods of the resource in its order, explainers last. */
  readonly pods: readonly PodSetPlan[];
  /** Services of predictors, then of containers, then of explainers. */
  readonly services: readonly ServicePlan[];
}

/** `component` is a componentSpec, `orchestrator` an orchestrator in a pod of its own. */
export type PodSetRole = "component" | "orchestrator" | "explainer";

/** Pods that are alike: one Kubernetes Deployment. */
export interface PodSetPlan {
  /** Name of the Deployment. */
  readonly name: string;
  /** The predictor it belongs to. */
  readonly predictor: string;
  readonly role: PodSetRole;
  /** Labels and annotations of the Deployment. */
  readonly labels: StringMap;
  readonly annotations: StringMap;
  /** Part of `podLabels`. */
  readonly selector: StringMap;
  readonly podLabels: StringMap;
  readonly podAnnotations: StringMap;
  /** Complete, except for ENGINE_PREDICTOR of the container `seldon-container-engine`, which the render adds. */
  readonly podSpec: PodSpec;
  /** Absent: nobody says, or an autoscaler does. */
  readonly replicas?: number;
  readonly progressDeadlineSeconds?: number;
  readonly autoscaler?: AutoscalerPlan;
  readonly disruptionBudget?: DisruptionBudgetPlan;
}

/** Who sets the number of pods. Metrics are those of autoscaling/v2; a ScaledObject keeps KEDA's own fields. */
export type AutoscalerPlan =
  | {
      readonly kind: "hpa";
      readonly minReplicas?: number;
      readonly maxReplicas: number;
      readonly metrics: readonly Readonly<Record<string, unknown>>[];
    }
  | { readonly kind: "keda"; readonly spec: Readonly<Record<string, unknown>> };

export interface DisruptionBudgetPlan {
  readonly minAvailable?: IntOrString;
  readonly maxUnavailable?: IntOrString;
}

export interface ServicePlan {
  readonly name: string;
  readonly predictor: string;
  readonly role: "predictor" | "container" | "explainer";
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly selector: StringMap;
  /** The Service's port and the pod's are the same number. */
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  /** `seldon.io/headless-svc`: no cluster address. */
  readonly headless: boolean;
}

/** Name of the orchestrator's container, as Seldon has it. */
export const ORCHESTRATOR_CONTAINER = "seldon-container-engine";
