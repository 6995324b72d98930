import { problem, type Problem } from "../problem/problem.ts";
import type { DeploymentPlan } from "./deployment-plan.ts";

/**
 * What is to be said where a deployment answers requests of one that does not exist.
 *
 * @param isDeployment whether there is a deployment with the key `<namespace>/<name>`
 */
export function findMissingTakeoverTargets(
  plan: Pick<DeploymentPlan, "key" | "namespace" | "takeover">,
  isDeployment: (key: string) => boolean,
): readonly Problem[] {
  if (plan.takeover === undefined) return [];
  const target = `${plan.namespace}/${plan.takeover.deployment}`;
  if (isDeployment(target)) return [];
  const message = `there is no deployment ${target}, some of whose requests this one is to answer`;
  return [problem("TakeoverTargetMissing", { object: plan.key, path: "spec.annotations", message })];
}
