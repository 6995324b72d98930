import type { LoadedModel } from "../model/model.ts";
import type { Checked } from "../problem/problem.ts";
import type { DeploymentPlan } from "./deployment-plan.ts";
import { findExplainerCollisions } from "./explainer-collisions.ts";
import type { PlanOptions } from "./options.ts";
import { planDeployment } from "./plan-deployment.ts";
import { findMissingTakeoverTargets } from "./takeover-targets.ts";

/** Plans every deployment without errors; a broken one takes nothing from its neighbours. Problems: those of the model, then those of planning. */
export function planModel(
  { value, problems }: LoadedModel,
  options: Partial<PlanOptions> = {},
): Checked<readonly DeploymentPlan[]> {
  const accepted = value.deployments.filter((deployment) => deployment.accepted);
  const planned = accepted.map((deployment) => planDeployment(deployment, options));
  const plans = planned.flatMap((one) => one.value ?? []);
  const keys = new Set(value.deployments.map((deployment) => deployment.key));
  const isDeployment = (key: string): boolean => keys.has(key);
  const neighbours = plans.flatMap((plan) => [
    ...findExplainerCollisions(plan, isDeployment),
    ...findMissingTakeoverTargets(plan, isDeployment),
  ]);
  return { value: plans, problems: [...problems, ...planned.flatMap((one) => one.problems), ...neighbours] };
}
