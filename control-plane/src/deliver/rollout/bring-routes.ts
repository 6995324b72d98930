import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { hasAvailable, isReady } from "./deployment-state.ts";
import { effectiveRoutes } from "./effective-routes.ts";
import { servicesRoutedTo } from "./live-routes.ts";
import { missing } from "./missing.ts";
import { named, type Turn } from "./turn.ts";
import type { Wanted } from "./wanted-objects.ts";

interface RuleSpec {
  readonly subsets?: readonly { readonly name: string; readonly labels?: Readonly<Record<string, string>> }[];
}

function subsetLabels(rule: KubernetesObject): unknown {
  return ((rule["spec"] ?? {}) as RuleSpec).subsets?.map((one) => one.labels ?? {});
}

/** Without labels a subset is every pod of the Service: old ones and new ones. */
function withoutSubsetLabels(rule: KubernetesObject): KubernetesObject {
  const spec = rule["spec"] as RuleSpec;
  return { ...rule, spec: { ...spec, subsets: spec.subsets?.map(({ labels: _, ...subset }) => subset) ?? [] } };
}

/**
 * Writes the DestinationRules. While pods with other labels than the wanted ones still serve a predictor its subset
 * takes them all; `settled` has the predictors that only have their final pods. True: all are as wanted.
 */
export function bringDestinationRules(turn: Turn, settled: ReadonlySet<string>): boolean {
  const settledServices = new Set(
    turn.plan.predictors.filter((one) => settled.has(one.name)).map((one) => one.serviceName),
  );
  const isSettled = (rule: KubernetesObject): boolean =>
    settledServices.has(rule.metadata.name) ||
    !turn.plan.predictors.some((one) => one.serviceName === rule.metadata.name);
  const there = turn.wanted.destinationRules.map((wanted) => {
    const live = named(turn.live.destinationRules, wanted.object.metadata.name);
    const same = live === undefined || missing(subsetLabels(wanted.object), subsetLabels(live)) === undefined;
    if (same || isSettled(wanted.object)) return turn.list.bring(wanted.type, wanted.object, live);
    const open = turn.wanted.own(wanted.type, withoutSubsetLabels(wanted.object));
    turn.list.bring(open.type, open.object, live);
    return false;
  });
  return there.every(Boolean);
}

/** Those who are routed already stay while anything answers; new ones must be ready. */
function isUsable(turn: Turn, name: string): boolean {
  const state = turn.predictors.get(name);
  if (state === undefined) return false;
  return turn.routedTo.has(state.predictor.serviceName) ? state.alive : state.ready;
}

/** Writes the routes between predictors as far as their pods allow. True: they are as they are to be in the end. */
function bringPredictorRoutes(turn: Turn): boolean {
  const routes = effectiveRoutes(turn.plan, {
    usable: (name) => isUsable(turn, name),
    asleep: (name) => turn.predictors.get(name)?.asleep ?? false,
  });
  if (routes === undefined) return false;
  const wanted = turn.wanted.predictorRoutes(routes);
  return turn.list.bring(wanted.type, wanted.object, turn.liveRoutes) && routes.complete;
}

/** An explainer gets its routes when it answers, whatever the others do. Once there they follow edits. */
function bringExplainerRoutes(turn: Turn, wanted: Wanted): boolean {
  const live = named(turn.live.virtualServices, wanted.object.metadata.name);
  const services = servicesRoutedTo(wanted.object);
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
export function bringVirtualServices(turn: Turn): boolean {
  const there = [bringPredictorRoutes(turn), ...turn.wanted.explainerRoutes.map((one) => bringExplainerRoutes(turn, one))];
  for (const live of turn.live.virtualServices) if (!isWantedRoute(turn, live)) turn.list.remove(RESOURCE.virtualService, live);
  return there.every(Boolean);
}

function isWantedRoute({ plan, wanted }: Turn, live: KubernetesObject): boolean {
  const { name } = live.metadata;
  return name === plan.seldonId || wanted.explainerRoutes.some((one) => one.object.metadata.name === name);
}
