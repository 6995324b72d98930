import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { withMarks } from "./marks.ts";
import { newPortsOf, portsLeft } from "./port-move.ts";
import { portsOf, type ServicePort } from "./service-ports.ts";
import { clearMark, hasWaited, named, type Turn } from "./turn.ts";

/** A Service cannot get or lose its cluster address. */
function needsReplacing(wanted: KubernetesObject, live: KubernetesObject): boolean {
  const isHeadless = (service: KubernetesObject): boolean =>
    (service["spec"] as { readonly clusterIP?: string } | undefined)?.clusterIP === "None";
  return isHeadless(wanted) !== isHeadless(live);
}

/** The ports that routes have left for less than the drain time. Notes on the Service since when they have. */
function stillDraining(turn: Turn, wanted: KubernetesObject, live: KubernetesObject): readonly ServicePort[] {
  const left = portsLeft(turn, wanted, live);
  const numbers = left.map((one) => one.port);
  if (left.length > 0) return hasWaited(turn, RESOURCE.service, live, "portsLeftAt", numbers) ? [] : left;
  clearMark(turn, RESOURCE.service, live, "portsLeftAt");
  return [];
}

/**
 * Notes on the Service since when it has ports to which routes are to move, and pods that answer there. Pods that come and go later
 * change nothing about what is known of the ports.
 */
function noteNewPorts(turn: Turn, live: KubernetesObject, alone: ReadonlySet<string>): void {
  const ports = newPortsOf(turn, live, alone);
  if (ports === undefined) clearMark(turn, RESOURCE.service, live, "portsAt");
  else if (ports.answered) hasWaited(turn, RESOURCE.service, live, "portsAt", ports.numbers);
}

/**
 * The ports for now. Those that routes lead to, or did a short time ago, stay, wanted or not, and keep their names: Istio finds
 * endpoints by the name of a port, and Kubernetes renames those after it has renamed the Service's. Others that want a name of
 * theirs get one with their number, which begins with the protocol too.
 */
function portsForNow(turn: Turn, wanted: KubernetesObject, live: KubernetesObject): readonly ServicePort[] {
  const routed = turn.routedTo.get(wanted.metadata.name);
  const draining = stillDraining(turn, wanted, live);
  const staying = portsOf(live).filter(
    (one) => one.port === routed?.httpPort || one.port === routed?.grpcPort || draining.includes(one),
  );
  const nameOf = new Map(staying.map((one) => [one.port, one.name]));
  const taken = new Set(nameOf.values());
  const own = portsOf(wanted).map((one) => {
    if (nameOf.has(one.port)) return { ...one, name: nameOf.get(one.port) ?? one.name };
    return taken.has(one.name) ? { ...one, name: `${one.name?.split("-")[0]}-${one.port}` } : one;
  });
  const numbers = new Set(own.map((one) => one.port));
  return [...own, ...staying.filter((one) => !numbers.has(one.port))];
}

function bringService(
  turn: Turn,
  wanted: KubernetesObject,
  live: KubernetesObject | undefined,
  alone: ReadonlySet<string>,
): boolean {
  const { list, wanted: all } = turn;
  const type = RESOURCE.service;
  if (live === undefined) return list.bring(type, wanted, live);
  if (needsReplacing(wanted, live)) {
    list.replace(type, wanted, live);
    return false;
  }
  noteNewPorts(turn, live, alone);
  const own = portsOf(wanted);
  const ports = portsForNow(turn, wanted, live);
  if (ports.length === own.length && ports.every((one, index) => one.name === own[index]?.name))
    return list.bring(type, wanted, live);
  const spec = wanted["spec"] as Readonly<Record<string, unknown>>;
  const kept = ports.slice(own.length).map((one) => one.port);
  const marked = kept.length === 0 ? wanted : withMarks(wanted, { keptPorts: kept.join(" ") });
  const forNow = all.own(type, { ...marked, spec: { ...spec, ports } });
  return list.bring(type, forNow.object, live) && ports.length === own.length;
}

/**
 * Writes the Services; one keeps ports that routes still lead to. `alone` has the predictors that only have their final pods, and no
 * older Deployments. True: all are as wanted, but for names of ports.
 */
export function bringServices(turn: Turn, alone: ReadonlySet<string>): boolean {
  const there = turn.wanted.services.map(({ object }) => {
    return bringService(turn, object, named(turn.live.services, object.metadata.name), alone);
  });
  return there.every(Boolean);
}
