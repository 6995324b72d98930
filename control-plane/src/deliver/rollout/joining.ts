import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import type { EffectiveRoutes } from "./effective-routes.ts";
import { markOf } from "./marks.ts";
import type { Turn } from "./turn.ts";

/** Since when routes lead to predictors that joined them, by name. */
type Joined = ReadonlyMap<string, number>;

function joinedIn(virtualService: KubernetesObject | undefined): Joined {
  const pairs = (markOf(virtualService, "joinedAt") ?? "").matchAll(/([^=\s]+)=(\S+)/g);
  return new Map([...pairs].map(([, name = "", time = ""]) => [name, Date.parse(time)]));
}

/** When VirtualServices that say no time, or one that is still to come, were first seen: who wrote them may have another clock. */
const firstSeenMs = new WeakMap<KubernetesObject, number>();

function seenBeforeMs({ liveRoutes }: Turn): number | undefined {
  return liveRoutes && firstSeenMs.get(liveRoutes);
}

function seenAtMs(turn: Turn): number {
  const seenMs = seenBeforeMs(turn) ?? turn.nowMs;
  if (turn.liveRoutes !== undefined) firstSeenMs.set(turn.liveRoutes, seenMs);
  return seenMs;
}

/** Routes lead to it already. */
function isNamed({ routedTo }: Turn, predictor: string): boolean {
  return [...routedTo.values()].some(({ subsets }) => subsets.has(predictor));
}

/** Undefined: for longer than anybody has written it down, or as long as nobody has to wait. */
function joinedAtMs(turn: Turn, joined: Joined, predictor: string): number | undefined {
  const since = joined.get(predictor);
  if (since === undefined) return isNamed(turn, predictor) ? undefined : turn.nowMs;
  return since <= turn.nowMs ? Math.min(since, seenBeforeMs(turn) ?? since) : seenAtMs(turn);
}

/** Endpoints reach proxies by istiod, tables reach them by us: whether the second must wait for the first. */
function waits({ settings }: Turn): boolean {
  return settings.istio && settings.settleMs > 0;
}

/**
 * What the VirtualService says of when its predictors joined it, so that neither a restart nor another replica begins anew; undefined:
 * nothing.
 */
export function joinedMark(turn: Turn, { plan }: EffectiveRoutes): string | undefined {
  if (!waits(turn)) return undefined;
  const joined = joinedIn(turn.liveRoutes);
  const pairs = plan.predictors.flatMap(({ name }) => {
    const since = joinedAtMs(turn, joined, name);
    return since === undefined ? [] : [`${name}=${new Date(since).toISOString()}`];
  });
  return pairs.length === 0 ? undefined : pairs.join(" ");
}

/**
 * Predictors of these routes that a mesh's proxies must not be told of yet, by name: they joined so lately that a proxy may not
 * have their endpoints. It is looked again when the first of them may be told; who is not in the VirtualService yet has to be written
 * there first, which wakes everybody.
 */
export function joiningPredictors(turn: Turn, routes: EffectiveRoutes | undefined): ReadonlySet<string> {
  if (routes === undefined || !waits(turn)) return new Set();
  const joined = joinedIn(turn.liveRoutes);
  const joining = routes.plan.predictors.filter(({ name }) => {
    const since = joinedAtMs(turn, joined, name);
    const leftMs = since === undefined ? 0 : since + turn.settings.settleMs - turn.nowMs;
    if (leftMs > 0 && isNamed(turn, name)) turn.list.lookAgainIn(leftMs);
    return leftMs > 0;
  });
  return new Set(joining.map(({ name }) => name));
}
