import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { named, type Turn } from "./turn.ts";

/** A Service cannot get or lose its cluster address. */
function needsReplacing(wanted: KubernetesObject, live: KubernetesObject): boolean {
  const isHeadless = (service: KubernetesObject): boolean =>
    (service["spec"] as { readonly clusterIP?: string } | undefined)?.clusterIP === "None";
  return isHeadless(wanted) !== isHeadless(live);
}

/** Writes the Services. True: all are as wanted. */
export function bringServices(turn: Turn): boolean {
  const there = turn.wanted.services.map(({ type, object }) => {
    const live = named(turn.live.services, object.metadata.name);
    if (live === undefined || !needsReplacing(object, live)) return turn.list.bring(type, object, live);
    turn.list.replace(type, object, live);
    return false;
  });
  return there.every(Boolean);
}
