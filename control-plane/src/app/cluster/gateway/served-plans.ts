import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";
import { changesBetween, groupPlans, type PlanGroup } from "../../../render/xds/plan-groups.ts";
import { sameFields } from "../same-json.ts";

/** The plans that gateways are to serve, and those that they were told of. */
export interface ServedPlans {
  /** True when that changes anything. */
  set(plan: DeploymentPlan): boolean;
  remove(key: string): boolean;
  all(): readonly DeploymentPlan[];
  /** Notes what gateways have been told; the deployments for which that is something else than before. */
  told(plans: readonly DeploymentPlan[]): readonly string[];
  /** Predictors that gateways may send requests of a deployment to, now or next; undefined: nothing was told yet. */
  routed(key: string): ReadonlySet<string> | undefined;
}

export function createServedPlans(): ServedPlans {
  const served = new Map<string, DeploymentPlan>();
  /** What `all` says, until it says something else. */
  let all: readonly DeploymentPlan[] | undefined;
  const told = new Map<string, DeploymentPlan>();
  let toldGroups: readonly PlanGroup[] | undefined;
  return {
    set(plan) {
      if (saysTheSame(plan, served.get(plan.key))) return false;
      served.set(plan.key, plan);
      all = undefined;
      return true;
    },
    remove(key) {
      all = undefined;
      return served.delete(key);
    },
    all: () => (all ??= [...served.values()]),
    told(plans) {
      const groups = groupPlans(plans);
      const { added, gone } = changesBetween(toldGroups ?? [], groups);
      toldGroups = groups;
      const textsBefore = new Map(gone.map((plan) => [plan.key, textOf(plan)]));
      for (const { key } of gone) told.delete(key);
      for (const plan of added) told.set(plan.key, plan);
      const keys = new Set([...gone, ...added].map(({ key }) => key));
      return [...keys].filter((key) => (textsBefore.get(key) ?? "") !== textOf(told.get(key)));
    },
    routed(key) {
      if (toldGroups === undefined) return undefined;
      return new Set([told.get(key), served.get(key)].flatMap((plan) => (plan === undefined ? [] : routedIn(plan))));
    },
  };
}

const NOT_ROUTED: ReadonlySet<string> = new Set(["workloads"]);

/** In all but what runs for it: two looks at the same deployment make two plans that say the same. */
function saysTheSame(plan: DeploymentPlan, before: DeploymentPlan | undefined): boolean {
  return before !== undefined && sameFields({ ...plan }, { ...before }, NOT_ROUTED);
}

function textOf(plan: DeploymentPlan | undefined): string {
  return plan === undefined ? "" : routedIn(plan).join();
}

function routedIn({ split, shadows }: DeploymentPlan): readonly string[] {
  return [...split, ...shadows].map((entry) => entry.predictor);
}
