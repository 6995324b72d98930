import { RESOURCE, type ResourceType } from "../../kubernetes-api/resource-types.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { TakeoverRoutes } from "../../render/istio/takeover.ts";
import { servicesOfOwnGateways } from "./gateway-ports.ts";
import { routedServices, type RoutedServices } from "./live-routes.ts";
import { markOf, type MARK } from "./marks.ts";
import { predictorStates, type PredictorState } from "./predictor-state.ts";
import type { LiveObjects, RolloutInput, RolloutSettings } from "./rollout-step.ts";
import { wantedObjects, type WantedObjects } from "./wanted-objects.ts";
import { WriteList } from "./write-list.ts";

/** Marks that say since when something is so, and some of them of which ports. */
type TimeMark = "unroutedAt" | "portsLeftAt" | "portsAt";

/** One look at a deployment: what is wanted, what there is, and what has been decided so far. */
export interface Turn {
  readonly plan: DeploymentPlan;
  readonly wanted: WantedObjects;
  readonly live: LiveObjects;
  readonly settings: RolloutSettings;
  readonly nowMs: number;
  /** By name of the predictor. */
  readonly predictors: ReadonlyMap<string, PredictorState>;
  /** The VirtualService of the predictors as it is. */
  readonly liveRoutes: KubernetesObject | undefined;
  /** Where it leads; without Istio, at which ports our own gateways reach the predictors. */
  readonly routedTo: RoutedServices;
  readonly list: WriteList;
  /** Other deployments that answer some of its requests. */
  readonly takeovers: readonly TakeoverRoutes[];
  readonly routed: ReadonlySet<string> | undefined;
}

export function startTurn(input: RolloutInput, plan: DeploymentPlan): Turn {
  const { live, settings, nowMs, resource } = input;
  const wanted = wantedObjects(plan, resource, settings);
  const liveRoutes = live.virtualServices.find((one) => one.metadata.name === plan.seldonId);
  return {
    plan,
    wanted,
    live,
    settings,
    nowMs,
    predictors: predictorStates(plan, wanted, live),
    liveRoutes,
    routedTo: settings.istio ? routedServices(liveRoutes) : servicesOfOwnGateways(plan, live.services),
    list: new WriteList(input),
    takeovers: input.takeovers ?? [],
    routed: input.routed,
  };
}

/** The object of that name. */
export function named(objects: readonly KubernetesObject[], name: string): KubernetesObject | undefined {
  return objects.find((one) => one.metadata.name === name);
}

/**
 * True when the drain time has gone by since the mark was set on the object, for these ports if any are given. Who asks first sets it
 * to now, so that a restart does not begin anew.
 */
export function hasWaited(
  turn: Turn,
  type: ResourceType,
  object: KubernetesObject,
  mark: TimeMark,
  ports: readonly number[] = [],
): boolean {
  const leftMs = leftOfWait(turn, object, mark, ports);
  if (leftMs === undefined) {
    turn.list.annotate(type, object, mark, [new Date(turn.nowMs).toISOString(), ...ports].join(" "));
    turn.list.lookAgainIn(turn.settings.drainMs);
    return false;
  }
  if (leftMs > 0) turn.list.lookAgainIn(leftMs);
  return leftMs <= 0;
}

/**
 * Milliseconds until the drain time has gone by since the mark was set, 0 or less when it has; undefined: it is not set, or does not
 * name all of these ports.
 */
export function leftOfWait(
  { nowMs, settings }: Turn,
  object: KubernetesObject,
  mark: TimeMark,
  ports: readonly number[] = [],
): number | undefined {
  const [time = "", ...noted] = (markOf(object, mark) ?? "").split(" ");
  const sinceMs = Date.parse(time);
  if (Number.isNaN(sinceMs) || sinceMs > nowMs || !ports.every((port) => noted.includes(`${port}`))) return undefined;
  return sinceMs + settings.drainMs - nowMs;
}

/** Takes a mark away where it is. */
export function clearMark(turn: Turn, type: ResourceType, object: KubernetesObject, mark: keyof typeof MARK): void {
  if (markOf(object, mark) !== undefined) turn.list.annotate(type, object, mark, null);
}

/** True when a Deployment has got no new requests for the drain time. */
export function isDrained(turn: Turn, deployment: KubernetesObject): boolean {
  return hasWaited(turn, RESOURCE.deployment, deployment, "unroutedAt");
}
