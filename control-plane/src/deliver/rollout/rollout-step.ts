import type { KubernetesObject, ObjectKey } from "../../kubernetes-api/object.ts";
import type { ResourceType } from "../../kubernetes-api/resource-types.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Problem } from "../../problem/problem.ts";
import type { SeldonDeploymentStatus } from "../status/seldon-status.ts";

/** Everything that one look at a SeldonDeployment goes by. */
export interface RolloutInput {
  /** The SeldonDeployment as the API has it: uid, generation, status. */
  readonly resource: KubernetesObject;
  /** What it means; of an invalid one the last plan that was good, if any is known. */
  readonly plan: DeploymentPlan | undefined;
  /** What is wrong with its newest version, and warnings. */
  readonly problems: readonly Problem[];
  /** Objects that it owns, by kind. */
  readonly live: LiveObjects;
  readonly nowMs: number;
  readonly settings: RolloutSettings;
  /** How many of those who subscribe to its graph and routes have accepted them; undefined: nobody does. */
  readonly programmed?: { readonly accepted: number; readonly subscribed: number };
}

/** What the API server holds of one deployment. */
export interface LiveObjects {
  readonly deployments: readonly KubernetesObject[];
  readonly services: readonly KubernetesObject[];
  readonly autoscalers: readonly KubernetesObject[];
  readonly scaledObjects: readonly KubernetesObject[];
  readonly disruptionBudgets: readonly KubernetesObject[];
  readonly virtualServices: readonly KubernetesObject[];
  readonly destinationRules: readonly KubernetesObject[];
}

export interface RolloutSettings {
  /** ISTIO_ENABLED. */
  readonly istio: boolean;
  /** ISTIO_TLS_MODE: TLS towards the predictors; empty leaves it to the mesh. */
  readonly istioTlsMode: string;
  /** KEDA_ENABLED. */
  readonly keda: boolean;
  /** How long a predictor that gets no requests any more goes on for those it still has. */
  readonly drainMs: number;
  /** What to do with Deployments that Seldon's operator made: leave their pods alone, or replace them. */
  readonly adopt: "keep" | "roll";
}

/** One thing to write or to delete; the writer goes through them in order. */
export type Write =
  | { readonly kind: "apply"; readonly type: ResourceType; readonly object: KubernetesObject }
  | { readonly kind: "delete"; readonly type: ResourceType; readonly key: ObjectKey; readonly uid: string };

/** What an event tells users of a SeldonDeployment. */
export interface EventNote {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** What to do next for a SeldonDeployment. */
export interface RolloutStep {
  readonly writes: readonly Write[];
  readonly status: SeldonDeploymentStatus;
  readonly events: readonly EventNote[];
  /** Time after which to look again even if nothing changes. */
  readonly againAfterMs?: number;
}
