import type { Condition, ConditionType } from "./seldon-status.ts";

/** A condition before it is known since when it holds. */
export type Finding = Omit<Condition, "lastTransitionTime">;

/** What `Ready` sums up, as in Seldon 1.17.1; and our own `Accepted`. */
const OF_READY: ReadonlySet<ConditionType> = new Set([
  "DeploymentsReady",
  "ServicesReady",
  "KedaReady",
  "istioVirtualServicesReady",
  "HpasReady",
  "PdbsReady",
  "AmbassadorMappingsReady",
  "Accepted",
]);

/**
 * True, or false with the reason of the first that is not; unknown when one is unknown and none false. Seldon's reasons
 * are sentences, so where there is no message the reason is one too: it is what a list shows.
 */
export function readyOf(findings: readonly Finding[]): Finding {
  const counted = findings.filter((one) => OF_READY.has(one.type));
  const worst = counted.find((one) => one.status === "False") ?? counted.find((one) => one.status === "Unknown");
  if (worst === undefined) return { type: "Ready", status: "True" };
  const { status, reason, message = reason } = worst;
  return {
    type: "Ready",
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
  };
}

/** Conditions in the order of their types; the time stays while the status of one does. */
export function withTimes(
  findings: readonly Finding[],
  before: readonly Condition[],
  nowMs: number,
): readonly Condition[] {
  const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  return findings
    .map((one) => {
      const known = before.find((condition) => condition.type === one.type);
      return { ...one, lastTransitionTime: known?.status === one.status ? known.lastTransitionTime : now };
    })
    .sort((a, b) => (a.type < b.type ? -1 : 1));
}
