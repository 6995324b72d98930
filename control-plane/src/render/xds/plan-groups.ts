import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { memoized, memoizedList } from "./memo.ts";

/** Deployments that are rendered together: the same object for as long as it has the same plans in the same order. */
export type PlanGroup = readonly DeploymentPlan[];

/** A power of two. */
const GROUPS = 256;

/** The group that a deployment is in, by its key alone, so that those that come and go move no others. */
export function groupIndex(key: string): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return (Math.imul(hash, 0x9e3779b1) >>> 16) & (GROUPS - 1);
}

const indexesOf = memoizedList(({ key }: DeploymentPlan) => groupIndex(key));
/** By the first plan of a group. */
const known = new WeakMap<DeploymentPlan, PlanGroup>();

/** What was asked for last: the next list differs little from it. */
let last: {
  readonly plans: readonly DeploymentPlan[];
  readonly indexes: readonly number[];
  readonly groups: readonly PlanGroup[];
} = { plans: [], indexes: [], groups: distribute<DeploymentPlan>([], []) };

/**
 * All groups, empty ones too, so that one change among many thousand plans makes anew only what the plans of its group make. Keeps
 * the last list, and the last group that a plan was the first of. The list must not be edited afterwards.
 */
export const groupPlans = memoized((plans: readonly DeploymentPlan[]): readonly PlanGroup[] => {
  const changed = changedGroups(plans);
  const indexes = changed === undefined ? indexesOf(plans) : last.indexes;
  const groups =
    changed === undefined
      ? distribute(plans, indexes).map(sameAsBefore)
      : last.groups.map((before, index) => (changed[index] === undefined ? before : sameAsBefore(changed[index])));
  last = { plans, indexes, groups };
  return groups;
});

/** Those in which a deployment has another plan than in the last list, by index; undefined: not the same deployments, or in another order. */
function changedGroups(plans: readonly DeploymentPlan[]): readonly (PlanGroup | undefined)[] | undefined {
  if (plans.length !== last.plans.length) return undefined;
  const changed = Array.from({ length: GROUPS }, (): DeploymentPlan[] | undefined => undefined);
  for (const [at, plan] of plans.entries()) {
    const before = last.plans[at];
    if (before === plan) continue;
    if (before?.key !== plan.key) return undefined;
    changed[last.indexes[at] ?? 0] = [];
  }
  plans.forEach((plan, at) => changed[last.indexes[at] ?? 0]?.push(plan));
  return changed;
}

/** What is made of deployments, in the groups of these, empty ones too. */
export function groupByKey<T extends { readonly key: string }>(list: readonly T[]): readonly (readonly T[])[] {
  return distribute(
    list,
    list.map(({ key }) => groupIndex(key)),
  );
}

function distribute<T>(list: readonly T[], indexes: readonly number[]): readonly (readonly T[])[] {
  const groups = Array.from({ length: GROUPS }, (): T[] => []);
  list.forEach((one, at) => groups[indexes[at] ?? 0]?.push(one));
  return groups;
}

const NOBODY: PlanGroup = [];

function sameAsBefore(group: PlanGroup): PlanGroup {
  const [first] = group;
  if (first === undefined) return NOBODY;
  const before = known.get(first);
  if (before?.length === group.length && before.every((plan, at) => plan === group[at])) return before;
  known.set(first, group);
  return group;
}

/** What came and went between two lists: a plan that says something new did both. */
export interface PlanChanges {
  readonly added: readonly DeploymentPlan[];
  readonly gone: readonly DeploymentPlan[];
}

/** The changes from one list to the next, both grouped. */
export function changesBetween(before: readonly PlanGroup[], now: readonly PlanGroup[]): PlanChanges {
  return { added: notIn(before, now), gone: notIn(now, before) };
}

function notIn(these: readonly PlanGroup[], those: readonly PlanGroup[]): readonly DeploymentPlan[] {
  const changed = (of: readonly PlanGroup[], others: readonly PlanGroup[]): readonly DeploymentPlan[] => {
    const same = new Set(others);
    return of.flatMap((group) => (same.has(group) ? [] : group));
  };
  const known = new Set(changed(these, those));
  return changed(those, these).filter((plan) => !known.has(plan));
}
