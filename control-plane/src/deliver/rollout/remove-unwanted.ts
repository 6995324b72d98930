import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { podLabelsOf, selects } from "./deployment-state.ts";
import { routedServices } from "./live-routes.ts";
import { markOf } from "./marks.ts";
import { servedBy, serviceSelectorOf } from "./predictor-state.ts";
import { isDrained, type Turn } from "./turn.ts";
import type { Wanted } from "./wanted-objects.ts";

/** What the removals of one turn go by. */
interface Leaving {
  readonly turn: Turn;
  /** Services that some VirtualService names. */
  readonly routedTo: ReadonlySet<string>;
  /** Predictors that only have their final pods. */
  readonly settled: ReadonlySet<string>;
  /** Live Deployments that nobody wants. */
  readonly deployments: readonly KubernetesObject[];
}

function unwanted(live: readonly KubernetesObject[], wanted: readonly Wanted[]): readonly KubernetesObject[] {
  const names = new Set(wanted.map((one) => one.object.metadata.name));
  return live.filter((one) => !names.has(one.metadata.name));
}

/** Somebody takes the requests of a predictor that is gone, or nobody is to. */
function othersServe({ plan, predictors }: Turn): boolean {
  const states = plan.split.map((entry) => predictors.get(entry.predictor));
  return states.some((one) => one?.ready === true) || states.every((one) => one?.asleep === true);
}

/**
 * Whether a Deployment that nobody wants gets no new requests. Of a predictor that goes on: when its new pods are
 * there. Of one that is gone: when no route names its Service, or, without routes, when somebody else is ready and no
 * gateway is known to name it.
 */
function isUnrouted(leaving: Leaving, deployment: KubernetesObject): boolean {
  const { turn, routedTo, settled } = leaving;
  const service = servedBy(deployment, turn.live.services);
  const predictor = turn.plan.predictors.find((one) => one.serviceName === service);
  if (predictor !== undefined) return settled.has(predictor.name);
  if (service !== undefined && turn.settings.istio) return !routedTo.has(service);
  return othersServe(turn) && !isRoutedToTheGone(turn);
}

/** Gateways were last told to send requests to a predictor that nobody wants any more. */
function isRoutedToTheGone({ routed, plan }: Turn): boolean {
  const wanted = new Set(plan.predictors.map((one) => one.name));
  return routed !== undefined && [...routed].some((name) => !wanted.has(name));
}

function removeDeployments(leaving: Leaving): void {
  const { turn } = leaving;
  for (const one of leaving.deployments) {
    if (!isUnrouted(leaving, one)) {
      if (markOf(one, "unroutedAt") !== undefined) turn.list.annotate(RESOURCE.deployment, one, "unroutedAt", null);
    } else if (isDrained(turn, one)) {
      turn.list.remove(RESOURCE.deployment, one);
    }
  }
}

/**
 * A Service goes after the pods behind it, and never while a route names it. Where no VirtualService says so, our own gateways may
 * send requests by it as long as there are any, wanted or not, or nobody else answers.
 */
function removeServices({ turn, routedTo, deployments }: Leaving): void {
  if (!turn.settings.istio && !othersServe(turn)) return;
  const behind = turn.settings.istio ? deployments : turn.live.deployments;
  for (const service of unwanted(turn.live.services, turn.wanted.services)) {
    const selector = serviceSelectorOf(service);
    const hasPods = behind.some((one) => selects(selector, podLabelsOf(one)));
    if (!hasPods && !routedTo.has(service.metadata.name)) turn.list.remove(RESOURCE.service, service);
  }
}

function removeDestinationRules({ turn, routedTo, deployments }: Leaving): void {
  const served = new Set(deployments.map((one) => servedBy(one, turn.live.services)));
  for (const rule of unwanted(turn.live.destinationRules, turn.wanted.destinationRules)) {
    const { name } = rule.metadata;
    if (!routedTo.has(name) && !served.has(name)) turn.list.remove(RESOURCE.destinationRule, rule);
  }
}

/** Autoscalers and disruption budgets bear the name of their Deployment and go with it, or before it when it stays. */
function removeCompanions({ turn, deployments }: Leaving): void {
  const { live, wanted, list } = turn;
  const leavingNames = new Set(deployments.map((one) => one.metadata.name));
  const remove = (
    type: (typeof RESOURCE)[keyof typeof RESOURCE],
    objects: readonly KubernetesObject[],
    wantedObjects: readonly Wanted[],
  ): void => {
    for (const one of unwanted(objects, wantedObjects))
      if (!leavingNames.has(one.metadata.name)) list.remove(type, one);
  };
  remove(RESOURCE.horizontalPodAutoscaler, live.autoscalers, wanted.autoscalers);
  remove(RESOURCE.scaledObject, live.scaledObjects, wanted.scaledObjects);
  remove(RESOURCE.podDisruptionBudget, live.disruptionBudgets, wanted.disruptionBudgets);
}

/** Removes what is no longer wanted, in the order that loses no request: routes, pods, and then what leads to them. */
export function removeUnwanted(turn: Turn, settled: ReadonlySet<string>): void {
  const routedTo = new Set(turn.live.virtualServices.flatMap((one) => [...routedServices(one).keys()]));
  const deployments = unwanted(turn.live.deployments, turn.wanted.deployments);
  const leaving = { turn, routedTo, settled, deployments };
  removeDeployments(leaving);
  removeServices(leaving);
  if (turn.settings.istio) removeDestinationRules(leaving);
  removeCompanions(leaving);
}
