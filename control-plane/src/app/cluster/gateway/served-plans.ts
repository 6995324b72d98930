import type { DeploymentPlan } from "../../../plan/deployment-plan.ts";

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

interface Served {
  readonly plan: DeploymentPlan;
  readonly text: string;
}

export function createServedPlans(): ServedPlans {
  const served = new Map<string, Served>();
  let told: ReadonlyMap<string, DeploymentPlan> | undefined;
  return {
    set(plan) {
      const text = routingText(plan);
      if (served.get(plan.key)?.text === text) return false;
      served.set(plan.key, { plan, text });
      return true;
    },
    remove: (key) => served.delete(key),
    all: () => [...served.values()].map(({ plan }) => plan),
    told(plans) {
      const [before, now] = [told, new Map(plans.map((plan) => [plan.key, plan]))];
      told = now;
      const textOf = (plan: DeploymentPlan | undefined): string => (plan === undefined ? "" : routedIn(plan).join());
      const keys = new Set([...now.keys(), ...(before?.keys() ?? [])]);
      return [...keys].filter((key) => textOf(before?.get(key)) !== textOf(now.get(key)));
    },
    routed(key) {
      if (told === undefined) return undefined;
      return new Set(
        [told.get(key), served.get(key)?.plan].flatMap((plan) => (plan === undefined ? [] : routedIn(plan))),
      );
    },
  };
}

/** All of a plan but what runs for it: two looks at the same deployment make two plans that say the same. */
function routingText(plan: DeploymentPlan): string {
  return JSON.stringify({ ...plan, workloads: undefined });
}

function routedIn({ split, shadows }: DeploymentPlan): readonly string[] {
  return [...split, ...shadows].map((entry) => entry.predictor);
}
