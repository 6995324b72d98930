import type { Finding } from "../finding.ts";
import type { RoutePolicySpec, TargetRef } from "../route-policy.ts";
import { SELDON_GROUP, SELDON_KIND } from "../seldon-deployment.ts";
import { findRepeated } from "./check-fields.ts";
import { checkDeadline, checkLimits, checkRetries } from "./check-limits.ts";
import { checkPermission } from "./check-permission.ts";
import { checkRules } from "./check-rules.ts";
import { checkShadows } from "./check-shadows.ts";
import { checkSticky } from "./check-sticky.ts";

/** Everything that can be said about a policy of the right shape without its target. */
export function checkSpec(spec: RoutePolicySpec): readonly Finding[] {
  const { sticky, rules, shadows, retries, deadline, fallback = [], limits, force, explain } = spec;
  return [
    ...checkTarget(spec.targetRef),
    ...(sticky === undefined ? [] : checkSticky(sticky, ["spec", "sticky"])),
    ...(rules === undefined ? [] : checkRules(rules, ["spec", "rules"])),
    ...(shadows === undefined ? [] : checkShadows(shadows, ["spec", "shadows"])),
    ...(retries === undefined ? [] : checkRetries(retries, deadline, ["spec", "retries"])),
    ...(deadline === undefined ? [] : checkDeadline(deadline, ["spec", "deadline"])),
    ...checkFallback(fallback),
    ...(limits === undefined ? [] : checkLimits(limits, ["spec", "limits"])),
    ...(force === undefined ? [] : checkPermission(force, ["spec", "force"])),
    ...(explain === undefined ? [] : checkPermission(explain, ["spec", "explain"])),
  ];
}

function checkTarget({ group, kind }: TargetRef): readonly Finding[] {
  if (group === SELDON_GROUP && kind === SELDON_KIND) return [];
  const message = `targetRef names ${kind} of ${group}, not ${SELDON_KIND} of ${SELDON_GROUP}`;
  return [{ code: "PolicyTargetWrong", at: ["spec", "targetRef"], message }];
}

function checkFallback(fallback: readonly string[]): readonly Finding[] {
  return findRepeated(fallback, (one) => one).map((index) => {
    const message = `fallback has ${fallback[index] ?? ""} twice`;
    return { code: "PolicyDuplicate", severity: "warning", at: ["spec", "fallback", index], message };
  });
}
