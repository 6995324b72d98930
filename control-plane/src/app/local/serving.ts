import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { trafficAmong } from "../../plan/policy/traffic-among.ts";
import type { SplitEntry } from "../../plan/traffic-plan.ts";

/** Says whether requests may go to a predictor: its processes have been ready. */
export type IsRoutable = (deploymentKey: string, predictor: string) => boolean;

/**
 * What Envoy should serve of a deployment now, on the way from what it serves (`previous`) to what is wanted (`desired`): only
 * predictors that are ready get requests. The share of those that are not goes to the predictors that are about to be removed, so that
 * a rename is no different from a new weight; where there are none, to the ready ones. Undefined: nothing of it can serve yet.
 */
export function planServing(
  desired: DeploymentPlan,
  previous: DeploymentPlan | undefined,
  isRoutable: IsRoutable,
): DeploymentPlan | undefined {
  const ready = (name: string): boolean => isRoutable(desired.key, name);
  const waitingWeight = sumOf(desired.split.filter((entry) => !ready(entry.predictor)));
  const leaving =
    waitingWeight === 0 ? [] : leavingEntries(desired, previous).filter((entry) => ready(entry.predictor));
  const split = [...desired.split.filter((entry) => ready(entry.predictor)), ...scaleTo(leaving, waitingWeight)];
  if (sumOf(split) === 0) return undefined;

  const answering = new Set(split.map((entry) => entry.predictor));
  const traffic = trafficAmong(desired, answering, ready);
  const names = new Set([...answering, ...traffic.shadows.map((entry) => entry.predictor)]);
  const predictors = [...desired.predictors, ...predictorsOf(previous, leaving)];
  return {
    ...desired,
    split,
    ...traffic,
    predictors: predictors.filter((predictor) => names.has(predictor.name) && ready(predictor.name)),
  };
}

/** The desired deployment together with the predictors that Envoy may still send requests to: what must run. */
export function planRunning(desired: DeploymentPlan | undefined, served: DeploymentPlan | undefined): DeploymentPlan {
  const plan = desired ?? served;
  if (plan === undefined) throw new Error("a deployment is wanted or served, or it is no deployment");
  const names = new Set(plan.predictors.map((predictor) => predictor.name));
  const held = served?.predictors.filter((predictor) => !names.has(predictor.name)) ?? [];
  return { ...plan, predictors: [...plan.predictors, ...held] };
}

function leavingEntries(desired: DeploymentPlan, previous: DeploymentPlan | undefined): readonly SplitEntry[] {
  const staying = new Set(desired.predictors.map((predictor) => predictor.name));
  return previous?.split.filter((entry) => !staying.has(entry.predictor) && entry.weight > 0) ?? [];
}

function predictorsOf(plan: DeploymentPlan | undefined, entries: readonly SplitEntry[]): readonly PredictorPlan[] {
  const names = new Set(entries.map((entry) => entry.predictor));
  return plan?.predictors.filter((predictor) => names.has(predictor.name)) ?? [];
}

/** The entries with weights of the same proportions that add up to about `total`, none below 1. */
function scaleTo(entries: readonly SplitEntry[], total: number): readonly SplitEntry[] {
  const sum = sumOf(entries);
  return entries.map((entry) => ({ ...entry, weight: Math.max(1, Math.round((entry.weight * total) / sum)) }));
}

function sumOf(entries: readonly SplitEntry[]): number {
  return entries.reduce((sum, entry) => sum + entry.weight, 0);
}
