import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { trafficAmong } from "../../plan/policy/traffic-among.ts";
import type { SplitEntry } from "../../plan/traffic-plan.ts";
import { percentages } from "./split.ts";

/** Who can take requests now. */
export interface Serving {
  /** Can be sent requests. */
  usable(predictor: string): boolean;
  /** Has no pods because none are wanted. */
  asleep(predictor: string): boolean;
}

/** The routes that the state of the pods allows. */
export interface EffectiveRoutes {
  /** The plan with only those predictors that are routed, and their present shares. */
  readonly plan: DeploymentPlan;
  /** Equal for equal routes of one plan. */
  readonly key: string;
  /** True when nobody is left out who is to be routed in the end. */
  readonly complete: boolean;
}

/** Who answers: those that can, or, when nobody wants a pod at all, all of them. */
function answering(plan: DeploymentPlan, serving: Serving): readonly SplitEntry[] {
  const weighted = plan.split.filter((entry) => entry.weight > 0);
  const usable = weighted.filter((entry) => serving.usable(entry.predictor));
  if (usable.length > 0) return usable;
  return weighted.every((entry) => serving.asleep(entry.predictor)) ? weighted : [];
}

/** A predictor that is the only one keeps the weight that the resource says, if any. */
function withShare(plan: DeploymentPlan, predictor: PredictorPlan, shares: ReadonlyMap<string, number>): PredictorPlan {
  if (predictor.shadow || plan.split.length === 1) return predictor;
  return { ...predictor, traffic: shares.get(predictor.name) ?? 0 };
}

/** Gets neither requests nor copies: a shadow that is switched off by its policy. */
function isIdle(plan: DeploymentPlan, { name }: PredictorPlan): boolean {
  return [...plan.split, ...plan.shadows].every(({ predictor }) => predictor !== name);
}

/**
 * The share of a predictor that cannot take requests goes to those that can, in proportion. Undefined when nobody can:
 * then routes stay as they are. Shadows get copies only when they can take them.
 */
export function effectiveRoutes(plan: DeploymentPlan, serving: Serving): EffectiveRoutes | undefined {
  const answers = answering(plan, serving);
  if (answers.length === 0) return undefined;
  const idle = plan.split.filter((entry) => entry.weight === 0 && serving.usable(entry.predictor));
  const routed = plan.split.filter((entry) => answers.includes(entry) || idle.includes(entry));
  const weights = percentages(routed.map((entry) => entry.weight));
  const split = routed.map((entry, index) => ({ predictor: entry.predictor, weight: weights[index] ?? 0 }));
  const answeringNames = new Set(routed.map((entry) => entry.predictor));
  const traffic = trafficAmong(plan, answeringNames, (name) => serving.usable(name));
  const shares = new Map(split.map((entry) => [entry.predictor, entry.weight]));
  const shadowNames = new Set(traffic.shadows.map((entry) => entry.predictor));
  const predictors = plan.predictors
    .filter((one) => shares.has(one.name) || shadowNames.has(one.name))
    .map((one) => withShare(plan, one, shares));
  return {
    plan: { ...plan, predictors, split, ...traffic },
    key: JSON.stringify([split, [...shadowNames], predictors.map((one) => [one.httpPort, one.grpcPort, one.bypass])]),
    complete: plan.predictors.every(
      (one) => predictors.some(({ name }) => name === one.name) || serving.asleep(one.name) || isIdle(plan, one),
    ),
  };
}
