import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { named, type Turn } from "./turn.ts";

interface ServicePort {
  readonly name?: string | undefined;
  readonly port: number;
}

function portsOf(service: KubernetesObject): readonly ServicePort[] {
  const spec = service["spec"] as { readonly ports?: readonly ServicePort[] } | undefined;
  return spec?.ports ?? [];
}

/** A Service cannot get or lose its cluster address. */
function needsReplacing(wanted: KubernetesObject, live: KubernetesObject): boolean {
  const isHeadless = (service: KubernetesObject): boolean =>
    (service["spec"] as { readonly clusterIP?: string } | undefined)?.clusterIP === "None";
  return isHeadless(wanted) !== isHeadless(live);
}

/**
 * The ports for now. Those that routes lead to stay, wanted or not, and keep their names: Istio finds endpoints by the name of a
 * port, and Kubernetes renames those after it has renamed the Service's. Others that want a name of theirs get one with
 * their number, which begins with the protocol too.
 */
function portsForNow(turn: Turn, wanted: KubernetesObject, live: KubernetesObject): readonly ServicePort[] {
  const routed = turn.routedTo.get(wanted.metadata.name);
  const staying = portsOf(live).filter(({ port }) => port === routed?.httpPort || port === routed?.grpcPort);
  const nameOf = new Map(staying.map((one) => [one.port, one.name]));
  const taken = new Set(nameOf.values());
  const own = portsOf(wanted).map((one) => {
    if (nameOf.has(one.port)) return { ...one, name: nameOf.get(one.port) ?? one.name };
    return taken.has(one.name) ? { ...one, name: `${one.name?.split("-")[0]}-${one.port}` } : one;
  });
  const numbers = new Set(own.map((one) => one.port));
  return [...own, ...staying.filter((one) => !numbers.has(one.port))];
}

function bringService(turn: Turn, wanted: KubernetesObject, live: KubernetesObject | undefined): boolean {
  const { list, wanted: all } = turn;
  const type = RESOURCE.service;
  if (live === undefined) return list.bring(type, wanted, live);
  if (needsReplacing(wanted, live)) {
    list.replace(type, wanted, live);
    return false;
  }
  const own = portsOf(wanted);
  const ports = portsForNow(turn, wanted, live);
  if (ports.length === own.length && ports.every((one, index) => one.name === own[index]?.name))
    return list.bring(type, wanted, live);
  const spec = wanted["spec"] as Readonly<Record<string, unknown>>;
  const forNow = all.own(type, { ...wanted, spec: { ...spec, ports } });
  return list.bring(type, forNow.object, live) && ports.length === own.length;
}

/** Writes the Services; one keeps ports that routes still lead to. True: all are as wanted, but for names of ports. */
export function bringServices(turn: Turn): boolean {
  const there = turn.wanted.services.map(({ object }) => {
    return bringService(turn, object, named(turn.live.services, object.metadata.name));
  });
  return there.every(Boolean);
}
