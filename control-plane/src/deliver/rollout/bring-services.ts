import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { named, type Turn } from "./turn.ts";

interface ServicePort {
  readonly name?: string;
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

/** Ports that routes still lead to, under names that leave the wanted ones free and tell Istio their protocol. */
function portsStillRouted(turn: Turn, wanted: KubernetesObject, live: KubernetesObject): readonly ServicePort[] {
  const routed = turn.routedTo.get(wanted.metadata.name);
  const numbers = new Set(portsOf(wanted).map((one) => one.port));
  return portsOf(live)
    .filter(({ port }) => !numbers.has(port) && (port === routed?.httpPort || port === routed?.grpcPort))
    .map((one) => ({ ...one, name: `${one.name?.split("-")[0]}-${one.port}` }));
}

function bringService(turn: Turn, wanted: KubernetesObject, live: KubernetesObject | undefined): boolean {
  const { list, wanted: all } = turn;
  const type = RESOURCE.service;
  if (live === undefined) return list.bring(type, wanted, live);
  if (needsReplacing(wanted, live)) {
    list.replace(type, wanted, live);
    return false;
  }
  const extra = portsStillRouted(turn, wanted, live);
  if (extra.length === 0) return list.bring(type, wanted, live);
  const spec = wanted["spec"] as Readonly<Record<string, unknown>>;
  const widened = all.own(type, { ...wanted, spec: { ...spec, ports: [...portsOf(wanted), ...extra] } });
  list.bring(type, widened.object, live);
  return false;
}

/** Writes the Services; one keeps ports that routes still lead to. True: all are as wanted. */
export function bringServices(turn: Turn): boolean {
  const there = turn.wanted.services.map(({ object }) => {
    return bringService(turn, object, named(turn.live.services, object.metadata.name));
  });
  return there.every(Boolean);
}
