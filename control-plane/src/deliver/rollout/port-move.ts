import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { PredictorPlan } from "../../plan/deployment-plan.ts";
import { hasAvailable, hasGivenUp, isRenewed, podLabelsOf } from "./deployment-state.ts";
import { markedPorts, routedPortsText } from "./gateway-ports.ts";
import { markOf } from "./marks.ts";
import { podSpecOf } from "./pod-template.ts";
import { portsOf, type ServicePort } from "./service-ports.ts";
import { clearMark, leftOfWait, named, type Turn } from "./turn.ts";
import { templateOf } from "./wanted-objects.ts";

/** How a predictor goes from the ports at which routes reach it to others, such as when its orchestrator is taken away. */
export interface PortMove {
  /** Where routes lead now. */
  readonly from: { readonly httpPort: number; readonly grpcPort: number };
  /** Every running pod answers at the new ports already: routes move first, then the pods are made anew. */
  readonly podsHaveNew: boolean;
  /** Pods are being made anew just now, so that nobody can tell at which ports they answer. */
  readonly podsChange: boolean;
  /** Its new pods answer at the old ports too: pods are made anew first, then routes move. */
  readonly podsKeepOld: boolean;
}

function hasPorts(deployment: KubernetesObject, numbers: readonly number[]): boolean {
  const ports = podSpecOf(templateOf(deployment)).containers.flatMap((one) => one.ports ?? []);
  return numbers.every((number) => ports.some((one) => one.containerPort === number));
}

function runningBehind(turn: Turn, serviceName: string): readonly KubernetesObject[] {
  return turn.live.deployments.filter((one) => podLabelsOf(one)["seldon-app"] === serviceName);
}

/** True when no older pod behind its Service lacks the ports that are wanted, and none at all those at which routes would reach it now. */
export function answersAtItsPorts(turn: Turn, predictor: PredictorPlan, alone: ReadonlySet<string>): boolean {
  const wanted = new Set(turn.wanted.deployments.map((one) => one.object.metadata.name));
  const { serviceName, httpPort, grpcPort } = predictor;
  const answering = runningBehind(turn, serviceName).filter(hasAvailable);
  const older = answering.filter((one) => !wanted.has(one.metadata.name));
  const now = withRoutePorts(turn, predictor, alone);
  const hasPresent = now === predictor || answering.every((one) => hasPorts(one, [now.httpPort, now.grpcPort]));
  return hasPresent && older.every((one) => hasPorts(one, [httpPort, grpcPort]));
}

/** Undefined: routes lead to the ports that are wanted, or nowhere. */
function portMoveOf(turn: Turn, predictor: PredictorPlan): PortMove | undefined {
  const { serviceName, httpPort, grpcPort } = predictor;
  const routed = turn.routedTo.get(serviceName);
  if (routed?.httpPort === undefined || routed.grpcPort === undefined) return undefined;
  if (routed.httpPort === httpPort && routed.grpcPort === grpcPort) return undefined;
  const from = { httpPort: routed.httpPort, grpcPort: routed.grpcPort };
  const isFront = (one: KubernetesObject): boolean => podLabelsOf(one)["seldon-app"] === serviceName;
  const running = runningBehind(turn, serviceName);
  const coming = turn.wanted.deployments.map((one) => one.object).filter(isFront);
  return {
    from,
    podsHaveNew: running.length > 0 && running.every((one) => isRenewed(one) && hasPorts(one, [httpPort, grpcPort])),
    podsChange: running.some(hasAvailable) && running.some((one) => !isRenewed(one) && !hasGivenUp(one)),
    podsKeepOld: coming.every((one) => hasPorts(one, [from.httpPort, from.grpcPort])),
  };
}

/**
 * Predictors between whose ports no pods lead: those that run have only those at which routes reach them, their successors only
 * others, as from an orchestrator in a pod of its own to none.
 */
export function strandedPredictors(turn: Turn): readonly string[] {
  const stranded = turn.plan.predictors.filter((predictor) => {
    const move = portMoveOf(turn, predictor);
    if (move === undefined || move.podsKeepOld) return false;
    const { serviceName, httpPort, grpcPort } = predictor;
    return runningBehind(turn, serviceName).some((one) => hasAvailable(one) && !hasPorts(one, [httpPort, grpcPort]));
  });
  return stranded.map((one) => one.name);
}

/** Its pods answer at the ports that are wanted. */
function answersAtNew({ podsHaveNew }: PortMove, { name }: PredictorPlan, alone: ReadonlySet<string>): boolean {
  return podsHaveNew || alone.has(name);
}

/** The ports of a Service to which routes are to move. */
interface NewPorts {
  readonly numbers: readonly number[];
  /** Pods answer there. */
  readonly answered: boolean;
}

/** Undefined: routes are to stay, or the Service lacks the ports. Proxies learn of them when Kubernetes has found out who answers there. */
export function newPortsOf(turn: Turn, service: KubernetesObject, alone: ReadonlySet<string>): NewPorts | undefined {
  const predictor = turn.plan.predictors.find((one) => one.serviceName === service.metadata.name);
  const move = predictor && portMoveOf(turn, predictor);
  if (predictor === undefined || move === undefined) return undefined;
  const there = portsOf(service).map((one) => one.port);
  const numbers = [predictor.httpPort, predictor.grpcPort];
  if (!numbers.every((number) => there.includes(number))) return undefined;
  return { numbers, answered: answersAtNew(move, predictor, alone) };
}

/**
 * Ports that we keep on a Service though nobody wants them and no route names them any more, while some name others of its ports:
 * proxies that are told late still send requests there. Ports that somebody else added are not ours to drain.
 */
export function portsLeft(turn: Turn, wanted: KubernetesObject, live: KubernetesObject): readonly ServicePort[] {
  const routed = turn.routedTo.get(live.metadata.name);
  if (routed?.httpPort === undefined || routed.grpcPort === undefined) return [];
  const named = new Set([...portsOf(wanted).map((one) => one.port), routed.httpPort, routed.grpcPort]);
  const kept = new Set((markOf(live, "keptPorts") ?? "").split(" ").map(Number));
  return portsOf(live).filter((one) => kept.has(one.port) && !named.has(one.port));
}

/** True while pods must answer at ports that routes left not long ago, and their successors do not. */
function portsDrain(turn: Turn, { serviceName }: PredictorPlan): boolean {
  const live = named(turn.live.services, serviceName);
  const wanted = turn.wanted.services.find(({ object }) => object.metadata.name === serviceName);
  if (live === undefined || wanted === undefined) return false;
  const numbers = portsLeft(turn, wanted.object, live).map((one) => one.port);
  if ((leftOfWait(turn, live, "portsLeftAt", numbers) ?? 1) <= 0) return false;
  const coming = turn.wanted.deployments.map((one) => one.object);
  return coming.filter((one) => podLabelsOf(one)["seldon-app"] === serviceName).some((one) => !hasPorts(one, numbers));
}

/** True while pods must stay as they are because requests may come to ports that their successors do not have. */
export function podsWait(turn: Turn, predictorName: string): boolean {
  const predictor = turn.plan.predictors.find((one) => one.name === predictorName);
  if (predictor === undefined) return false;
  const move = portMoveOf(turn, predictor);
  if (move === undefined) return portsDrain(turn, predictor);
  return !move.podsKeepOld && (move.podsHaveNew || move.podsChange);
}

/** It has had the ports for so long that proxies know who answers there. */
function areKnown(turn: Turn, service: KubernetesObject, numbers: readonly number[]): boolean {
  return (leftOfWait(turn, service, "portsAt", numbers) ?? 1) <= 0;
}

/** Gateways of our own were told to send it requests; by Istio who has ports that routes name is sent some. */
function isSentRequests({ settings, routed }: Turn, { name }: PredictorPlan): boolean {
  return settings.istio || (routed?.has(name) ?? true);
}

/** Requests are sent where no pod answers any more: nothing is won by waiting. */
function losesRequests(turn: Turn, predictor: PredictorPlan, { from }: PortMove): boolean {
  const answering = runningBehind(turn, predictor.serviceName).filter(hasAvailable);
  return isSentRequests(turn, predictor) && !answering.some((one) => hasPorts(one, [from.httpPort, from.grpcPort]));
}

/** Its pods answer at the ports that are wanted, and proxies know it. */
function mayMove(turn: Turn, predictor: PredictorPlan, alone: ReadonlySet<string>): boolean {
  const service = named(turn.live.services, predictor.serviceName);
  const move = portMoveOf(turn, predictor);
  const ports = service && newPortsOf(turn, service, alone);
  if (move === undefined || service === undefined || ports?.answered !== true) return false;
  return losesRequests(turn, predictor, move) || areKnown(turn, service, ports.numbers);
}

/** The predictor with the ports at which routes are to reach it now. Those of our own gateways move when its Service says so. */
export function withRoutePorts(turn: Turn, predictor: PredictorPlan, alone: ReadonlySet<string>): PredictorPlan {
  const move = portMoveOf(turn, predictor);
  if (move === undefined || (turn.settings.istio && mayMove(turn, predictor, alone))) return predictor;
  return { ...predictor, ...move.from };
}

/** Says on Services at which ports our own gateways are to reach them from the next turn on. */
export function noteRoutedPorts(turn: Turn, alone: ReadonlySet<string>): void {
  for (const predictor of turn.plan.predictors) {
    const service = named(turn.live.services, predictor.serviceName);
    if (service === undefined) continue;
    if (!turn.settings.istio && mayMove(turn, predictor, alone))
      turn.list.annotate(RESOURCE.service, service, "routedPorts", routedPortsText(predictor));
    else if (turn.settings.istio || markedPorts(service) === undefined)
      clearMark(turn, RESOURCE.service, service, "routedPorts");
  }
}
