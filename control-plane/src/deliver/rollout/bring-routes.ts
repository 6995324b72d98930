import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { withoutBypass } from "../../plan/bypass-calls.ts";
import type { PredictorPlan } from "../../plan/deployment-plan.ts";
import { hasAvailable, isReady } from "./deployment-state.ts";
import { effectiveRoutes, type EffectiveRoutes } from "./effective-routes.ts";
import { joinedMark } from "./joining.ts";
import { routedServices } from "./live-routes.ts";
import { missing } from "./missing.ts";
import { answersAtItsPorts, withRoutePorts } from "./port-move.ts";
import { named, type Turn } from "./turn.ts";
import type { Wanted } from "./wanted-objects.ts";

interface Subset {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

function subsetsOf(rule: KubernetesObject): readonly Subset[] {
  const spec = rule["spec"] as { readonly subsets?: readonly Subset[] } | undefined;
  return spec?.subsets ?? [];
}

/** Without labels a subset is every pod of the Service: old ones and new ones. */
function openSubset({ name }: Subset): Subset {
  return { name };
}

/** The subsets that a rule must have until routes and pods are as wanted: those that routes name, open while labels change. */
function subsetsForNow(
  turn: Turn,
  wanted: KubernetesObject,
  live: KubernetesObject,
  isSettled: boolean,
): readonly Subset[] {
  const [own, now] = [subsetsOf(wanted), subsetsOf(live)];
  const routed = turn.routedTo.get(wanted.metadata.name)?.subsets;
  const left = now.filter(({ name }) => routed?.has(name) === true && !own.some((one) => one.name === name));
  const opened = own.map((subset) => {
    const before = now.find((one) => one.name === subset.name);
    const changes = before !== undefined && missing([subset.labels ?? {}], [before.labels ?? {}]) !== undefined;
    return changes && !isSettled ? openSubset(subset) : subset;
  });
  return [...opened, ...left];
}

function bringDestinationRule(turn: Turn, { type, object }: Wanted, alone: ReadonlySet<string>): boolean {
  const live = named(turn.live.destinationRules, object.metadata.name);
  const predictor = turn.plan.predictors.find((one) => one.serviceName === object.metadata.name);
  if (live === undefined || predictor === undefined) return turn.list.bring(type, object, live);
  const subsets = subsetsForNow(turn, object, live, alone.has(predictor.name));
  if (missing(subsets, subsetsOf(object)) === undefined && missing(subsetsOf(object), subsets) === undefined) {
    return turn.list.bring(type, object, live);
  }
  const spec = object["spec"] as Readonly<Record<string, unknown>>;
  turn.list.bring(type, turn.wanted.own(type, { ...object, spec: { ...spec, subsets } }).object, live);
  return false;
}

/**
 * Writes the DestinationRules. While pods with other labels than the wanted ones still serve a predictor its subset
 * takes them all; `alone` has the predictors that only have their final pods, and no older Deployments. True: all are as wanted.
 */
export function bringDestinationRules(turn: Turn, alone: ReadonlySet<string>): boolean {
  return turn.wanted.destinationRules.map((one) => bringDestinationRule(turn, one, alone)).every(Boolean);
}

/** Routes name it already. Where no VirtualService says so, what answers counts as routed until it is known better. */
function isRouted(turn: Turn, { name, serviceName }: PredictorPlan): boolean {
  if (!turn.settings.istio) return turn.routed?.has(name) ?? true;
  return turn.routedTo.get(serviceName)?.subsets.has(name) ?? false;
}

/** How far predictors are with the pods they are to have in the end. */
export interface Progress {
  /** Those that have them all, by name. */
  readonly settled: ReadonlySet<string>;
  /** Those of them that no older Deployment serves beside the wanted ones. */
  readonly alone: ReadonlySet<string>;
}

/** Those who are routed already stay while anything answers; new ones must be ready, and only have their final pods. */
function isUsable(turn: Turn, name: string, { settled, alone }: Progress): boolean {
  const state = turn.predictors.get(name);
  if (state === undefined) return false;
  if (isRouted(turn, state.predictor)) return state.alive;
  return state.ready && settled.has(name) && answersAtItsPorts(turn, state.predictor, alone);
}

/** While pods change the Service of its model may lead to none of them, or to a port that they do not have. */
function throughOrchestrator(predictor: PredictorPlan): PredictorPlan {
  return predictor.bypass === undefined ? predictor : withoutBypass(predictor);
}

const NOBODY: ReadonlySet<string> = new Set();

/** Where requests may go now, but to those left out; undefined: nobody can answer, and routes stay as they are. */
export function routesForNow(turn: Turn, progress: Progress, leftOut = NOBODY): EffectiveRoutes | undefined {
  const predictors = turn.plan.predictors
    .map((one) => withRoutePorts(turn, one, progress.alone))
    .map((one) => (progress.alone.has(one.name) ? one : throughOrchestrator(one)));
  const moved = predictors.some((one, index) => one !== turn.plan.predictors[index]);
  const routes = effectiveRoutes(moved ? { ...turn.plan, predictors } : turn.plan, {
    usable: (name) => !leftOut.has(name) && isUsable(turn, name, progress),
    asleep: (name) => turn.predictors.get(name)?.asleep ?? false,
  });
  return routes && { ...routes, complete: routes.complete && !moved };
}

/** Writes the routes between predictors as far as their pods allow. True: they are as they are to be in the end. */
function bringPredictorRoutes(turn: Turn, routes: EffectiveRoutes | undefined): boolean {
  if (routes === undefined) return false;
  const wanted = turn.wanted.predictorRoutes(routes, turn.takeovers, joinedMark(turn, routes));
  return turn.list.bring(wanted.type, wanted.object, turn.liveRoutes) && routes.complete;
}

/** An explainer gets its routes when it answers, whatever the others do. Once there they follow edits. */
function bringExplainerRoutes(turn: Turn, wanted: Wanted): boolean {
  const live = named(turn.live.virtualServices, wanted.object.metadata.name);
  const services = routedServices(wanted.object);
  const pods = turn.wanted.deployments.filter(
    (one) => one.pods.role === "explainer" && services.has(one.object.metadata.name),
  );
  const states = pods.map((one) => ({ ...one.pods, live: named(turn.live.deployments, one.object.metadata.name) }));
  const ready = states.every((one) => one.replicas === 0 || (one.live !== undefined && isReady(one.live)));
  const alive = states.every((one) => one.live !== undefined && hasAvailable(one.live));
  if (!ready && !(live !== undefined && alive)) return false;
  return turn.list.bring(wanted.type, wanted.object, live);
}

/** Writes VirtualServices. True: all of them are there, and complete. */
export function bringVirtualServices(turn: Turn, routes: EffectiveRoutes | undefined): boolean {
  const there = [
    bringPredictorRoutes(turn, routes),
    ...turn.wanted.explainerRoutes.map((one) => bringExplainerRoutes(turn, one)),
  ];
  const leaving = turn.live.virtualServices.filter((one) => !isWantedRoute(turn, one));
  for (const one of leaving) turn.list.remove(RESOURCE.virtualService, one);
  return there.every(Boolean);
}

function isWantedRoute({ plan, wanted }: Turn, live: KubernetesObject): boolean {
  const { name } = live.metadata;
  return name === plan.seldonId || wanted.explainerRoutes.some((one) => one.object.metadata.name === name);
}
