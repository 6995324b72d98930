import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { hasErrors, type Problem } from "../../problem/problem.ts";
import { planRunning, planServing, type IsRoutable } from "./serving.ts";

/** Which deployments could be started, and what is served of them. */
export interface Deployments {
  /** What must run for the wanted plans, with everything that may still get requests. */
  running(wanted: readonly DeploymentPlan[]): readonly DeploymentPlan[];
  /** What to serve now that the processes of `wanted` were asked for; a deployment with an error among `problems` stays as it was. */
  serve(
    wanted: readonly DeploymentPlan[],
    problems: readonly Problem[],
    isRoutable: IsRoutable,
  ): readonly DeploymentPlan[];
  /** The newest plan of a deployment whose processes could be asked for. */
  started(key: string): DeploymentPlan | undefined;
}

type PlansByKey = ReadonlyMap<string, DeploymentPlan>;

/** `mayGetRequests` says whether Envoy still knows a predictor of a deployment. */
export function createDeployments(mayGetRequests: (plan: DeploymentPlan, predictor: string) => boolean): Deployments {
  let started: PlansByKey = new Map();
  let served: PlansByKey = new Map();
  /** What is served, with the predictors of earlier plans that may still get requests. */
  let held: PlansByKey = new Map();

  function stillHeld(plan: DeploymentPlan): DeploymentPlan | undefined {
    const inUse = new Set(served.get(plan.key)?.predictors.map((predictor) => predictor.name));
    const predictors = plan.predictors.filter(({ name }) => inUse.has(name) || mayGetRequests(plan, name));
    return predictors.length === 0 ? undefined : { ...plan, predictors };
  }

  return {
    running(wanted) {
      held = byKey([...held.values()].flatMap((plan) => stillHeld(plan) ?? []));
      const plans = byKey(wanted);
      const keys = new Set([...plans.keys(), ...held.keys()]);
      return [...keys].map((key) => planRunning(plans.get(key), held.get(key)));
    },
    serve(wanted, problems, isRoutable) {
      const failed = new Set(problems.filter((one) => hasErrors([one])).map((one) => one.object));
      started = byKey(wanted.flatMap((plan) => (failed.has(plan.key) ? (started.get(plan.key) ?? []) : plan)));
      const now = [...started.values()].flatMap((plan) => planServing(plan, served.get(plan.key), isRoutable) ?? []);
      served = byKey(now);
      const keys = new Set([...held.keys(), ...served.keys()]);
      held = byKey([...keys].map((key) => planRunning(served.get(key), held.get(key))));
      return now;
    },
    started: (key) => started.get(key) ?? held.get(key),
  };
}

function byKey(plans: readonly DeploymentPlan[]): PlansByKey {
  return new Map(plans.map((plan) => [plan.key, plan]));
}
