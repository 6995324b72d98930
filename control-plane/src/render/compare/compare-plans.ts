import { isDeepStrictEqual } from "node:util";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { DEFAULT_KEYS, findKeyMovement, type KeyMovement } from "./key-movement.ts";

/** Parts of a plan's traffic that are shown before and after. */
const PARTS = [
  "split",
  "sticky",
  "retry",
  "deadline",
  "fallback",
  "limits",
  "ejection",
  "circuitBreakers",
  "takeover",
  "permits",
  "hosts",
  "gateways",
] as const;

export type TrafficPart = (typeof PARTS)[number];

/** A part that differs; undefined stands for nothing said. */
export interface PartChange {
  readonly part: TrafficPart;
  readonly before: unknown;
  readonly after: unknown;
}

/** What happened to named things, such as rules. */
export interface NamedChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** What an edit does to the traffic of one deployment. */
export type DeploymentDifference =
  | { readonly key: string; readonly kind: "added" | "removed" | "same" }
  | {
      readonly key: string;
      readonly kind: "changed";
      readonly keys: KeyMovement;
      readonly predictors: NamedChanges;
      readonly rules: NamedChanges;
      /** True when the rules are asked in another order. */
      readonly rulesReordered: boolean;
      readonly shadows: NamedChanges;
      readonly parts: readonly PartChange[];
    };

function compareNamed<T>(before: readonly T[], after: readonly T[], nameOf: (one: T) => string): NamedChanges {
  const [old, fresh] = [before, after].map((list) => new Map(list.map((one) => [nameOf(one), one] as const)));
  const names = (list: readonly T[]): readonly string[] => list.map(nameOf);
  return {
    added: names(after).filter((name) => !old?.has(name)),
    removed: names(before).filter((name) => !fresh?.has(name)),
    changed: names(after).filter(
      (name) => old?.has(name) === true && !isDeepStrictEqual(old.get(name), fresh?.get(name)),
    ),
  };
}

function isReordered(before: DeploymentPlan, after: DeploymentPlan): boolean {
  const shared = (one: DeploymentPlan, other: DeploymentPlan): readonly string[] =>
    one.rules.map(({ name }) => name).filter((name) => other.rules.some((rule) => rule.name === name));
  return !isDeepStrictEqual(shared(before, after), shared(after, before));
}

function isEmpty({ added, removed, changed }: NamedChanges): boolean {
  return added.length + removed.length + changed.length === 0;
}

function compareDeployment(before: DeploymentPlan, after: DeploymentPlan, sampled: number): DeploymentDifference {
  const { key } = after;
  const names = (plan: DeploymentPlan): readonly string[] => plan.predictors.map(({ name }) => name);
  const predictors = compareNamed(names(before), names(after), (name) => name);
  const rules = compareNamed(before.rules, after.rules, ({ name }) => name);
  const shadows = compareNamed(before.shadows, after.shadows, ({ predictor }) => predictor);
  const parts = PARTS.filter((part) => !isDeepStrictEqual(before[part], after[part])).map((part) => ({
    part,
    before: before[part],
    after: after[part],
  }));
  const rulesReordered = isReordered(before, after);
  if ([predictors, rules, shadows].every(isEmpty) && parts.length === 0 && !rulesReordered)
    return { key, kind: "same" };
  const keys = findKeyMovement(before, after, sampled);
  return { key, kind: "changed", keys, predictors, rules, rulesReordered, shadows, parts };
}

/** What becomes of every deployment's traffic, by key; `sampled` keys are asked for per deployment that changes. */
export function comparePlans(
  before: readonly DeploymentPlan[],
  after: readonly DeploymentPlan[],
  sampled = DEFAULT_KEYS,
): readonly DeploymentDifference[] {
  const old = new Map(before.map((plan) => [plan.key, plan]));
  const fresh = new Map(after.map((plan) => [plan.key, plan]));
  return [...new Set([...old.keys(), ...fresh.keys()])].sort().map((key): DeploymentDifference => {
    const [one, other] = [old.get(key), fresh.get(key)];
    if (one === undefined) return { key, kind: "added" };
    return other === undefined ? { key, kind: "removed" } : compareDeployment(one, other, sampled);
  });
}
