import type { KubernetesObject, ObjectKey } from "../../kubernetes-api/object.ts";
import type { ResourceType } from "../../kubernetes-api/resource-types.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Problem } from "../../problem/problem.ts";
import type { IstioOptions } from "../../render/istio/options.ts";
import type { TakeoverRoutes } from "../../render/istio/takeover.ts";
import type { PodTroubles } from "../status/pod-trouble.ts";
import type { SeldonDeploymentStatus } from "../status/seldon-status.ts";

/** Everything that one look at a SeldonDeployment goes by. */
export interface RolloutInput {
  /** The SeldonDeployment as the API has it: uid, generation, status. */
  readonly resource: KubernetesObject;
  /** What it means; of an invalid one the last plan that was good, if any is known. */
  readonly plan: DeploymentPlan | undefined;
  /**
   * The plan with the orchestrators of some predictors beside their models: what a rollout passes through where no pod would
   * answer both as before and as wanted. The same plan for the same predictors. Absent, or undefined: there is none.
   */
  readonly planBeside?: PlanBeside;
  /** What is wrong with its newest version, and warnings. */
  readonly problems: readonly Problem[];
  /** Objects that it owns, by kind. */
  readonly live: LiveObjects;
  /** Other deployments that answer some of its requests, by the routes that they have now. Absent: none. */
  readonly takeovers?: readonly TakeoverRoutes[];
  /**
   * Predictors that gateways were last told to send requests to, where there are no VirtualServices to tell. Absent: not known,
   * as after a start.
   */
  readonly routed?: ReadonlySet<string>;
  readonly nowMs: number;
  readonly settings: RolloutSettings;
  /** How many of those who subscribe to its graph and routes have accepted them; undefined: nobody does. */
  readonly programmed?: { readonly accepted: number; readonly subscribed: number };
  /** Why pods of its Deployments do not answer. Absent: not known. */
  readonly podTroubles?: PodTroubles;
  /** Of the step before, when its writes went through; absent after a restart. */
  readonly memo?: RolloutMemo;
}

/** Takes names of predictors. */
export type PlanBeside = (predictors: readonly string[]) => DeploymentPlan | undefined;

/**
 * Writes that did not bring the cluster to what they say, by kind and name: somebody changes them back, or the server
 * normalises them. They are tried again after minutes instead of for ever.
 */
export type RolloutMemo = ReadonlyMap<string, { readonly mismatch: string; readonly writtenAtMs: number }>;

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
  /**
   * How long routes lead to a predictor before filters in a mesh choose it: they know it by us, their proxies its endpoints by
   * istiod. 0: there are no such filters.
   */
  readonly settleMs: number;
  /** What to do with Deployments that Seldon's operator made: leave their pods alone, or replace them. */
  readonly adopt: "keep" | "roll";
  /** Orchestrators are told graph edits over xDS, so that ENGINE_PREDICTOR alone rolls no pod. */
  readonly graphsByXds: boolean;
  /** Other settings of VirtualServices and DestinationRules. */
  readonly istioOptions?: Partial<IstioOptions>;
}

/** One thing to write or to delete; the writer goes through them in order. */
export type Write =
  /** Server-side apply by force, as the writer's own field manager unless another is named. */
  | {
      readonly kind: "apply";
      readonly type: ResourceType;
      readonly object: KubernetesObject;
      readonly fieldManager?: string;
    }
  /** JSON patch (a list) or JSON merge patch; a patch of an object that is gone is no mistake. */
  | {
      readonly kind: "patch";
      readonly type: ResourceType;
      readonly key: ObjectKey;
      readonly patch: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
    }
  /** In the foreground: the object stays visible until what it owns is gone. With `atOnce` its name is free at once. */
  | {
      readonly kind: "delete";
      readonly type: ResourceType;
      readonly key: ObjectKey;
      readonly uid: string;
      readonly atOnce?: boolean;
    };

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
  /** To be handed to the next turn, unless a write failed. */
  readonly memo: RolloutMemo;
  /**
   * Predictors whose pods are all there as the plan wants them. The graph of another one must not reach its running
   * orchestrator yet: it may name containers that do not answer.
   */
  readonly settledPredictors: readonly string[];
  /**
   * The plan with only those predictors that requests may be sent to now, and their present shares: what our own gateways go by.
   * Absent: they keep what they have.
   */
  readonly routes?: DeploymentPlan;
  /** The same for filters in a mesh, whose proxies must have the endpoints of a predictor first. Absent: they keep what they have. */
  readonly meshRoutes?: DeploymentPlan;
  /** What of the plan its targets can't express. */
  readonly inexpressible: readonly Problem[];
}
