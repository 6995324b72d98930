import type { DeploymentPlan } from "../deployment-plan.ts";
import type { RulePlan, ShadowEntry } from "../traffic-plan.ts";

/** The parts of a plan that name predictors beside its split. */
export type NamedTraffic = Pick<DeploymentPlan, "rules" | "shadows" | "fallback">;

/**
 * Rules, shadows and fallback among those predictors alone that can be sent requests now: `answering` those that answer
 * clients, `copied` those that can take copies. A rule that would send to nobody is left out, and so is a shadow of nobody.
 */
export function trafficAmong(
  { rules, shadows, fallback }: NamedTraffic,
  answering: ReadonlySet<string>,
  copied: (predictor: string) => boolean,
): NamedTraffic {
  return {
    rules: rules.map((rule) => ruleAmong(rule, answering)).filter(sendsSomewhere),
    shadows: shadows
      .filter(({ predictor }) => copied(predictor))
      .map((shadow) => shadowAmong(shadow, answering))
      .filter(({ beside }) => beside === undefined || beside.length > 0),
    fallback: fallback.filter((name) => answering.has(name)),
  };
}

function ruleAmong(rule: RulePlan, answering: ReadonlySet<string>): RulePlan {
  if (rule.split.every(({ predictor }) => answering.has(predictor))) return rule;
  return { ...rule, split: rule.split.filter(({ predictor }) => answering.has(predictor)) };
}

function sendsSomewhere({ split }: RulePlan): boolean {
  return split.some(({ weight }) => weight > 0);
}

function shadowAmong(shadow: ShadowEntry, answering: ReadonlySet<string>): ShadowEntry {
  const { beside } = shadow;
  if (beside === undefined || beside.every((name) => answering.has(name))) return shadow;
  return { ...shadow, beside: beside.filter((name) => answering.has(name)) };
}
