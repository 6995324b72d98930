import { ruleName } from "../../model/policy/check-rules.ts";
import { readConditions } from "../../model/policy/conditions.ts";
import type { Rule, RoutePolicySpec } from "../../model/route-policy.ts";
import type { RulePlan, SplitEntry } from "../traffic-plan.ts";

const ALL_PERCENT = 100;

/** The rules that can take a request, in their order. */
export function planRules(policy: RoutePolicySpec | undefined): readonly RulePlan[] {
  return (policy?.rules ?? [])
    .map((rule, index) => ({
      name: ruleName(rule, index),
      conditions: readConditions(rule.match),
      percent: rule.percent ?? ALL_PERCENT,
      split: splitOf(rule),
    }))
    .filter(({ percent }) => percent > 0);
}

function splitOf({ predictor, split = [] }: Rule): readonly SplitEntry[] {
  return predictor === undefined
    ? split.map(({ predictor: name, weight }) => ({ predictor: name, weight }))
    : [{ predictor, weight: ALL_PERCENT }];
}
