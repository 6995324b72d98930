import { problem, type Problem } from "../problem/problem.ts";
import type { DeploymentPlan } from "./deployment-plan.ts";
import { explainersName, explainerUrlPrefix } from "./urls.ts";

/**
 * What is to be said where explainers are called by the name of a deployment that really exists. Our own gateway sends
 * each request to the longer prefix; Istio goes by the age of the two VirtualServices.
 *
 * @param isDeployment whether there is a deployment with the key `<namespace>/<name>`
 */
export function findExplainerCollisions(
  plan: Pick<DeploymentPlan, "key" | "namespace" | "name" | "predictors">,
  isDeployment: (key: string) => boolean,
): readonly Problem[] {
  const other = `${plan.namespace}/${explainersName(plan.name)}`;
  if (!isDeployment(other)) return [];
  return plan.predictors.flatMap(({ name, explainer }, index) => {
    if (explainer === undefined) return [];
    const message = `the explainer of predictor ${name} is called at ${explainerUrlPrefix(plan, name)}, which lies below the URLs of the deployment ${other}`;
    return [
      problem("ExplainerHidesDeployment", { object: plan.key, path: `spec.predictors[${index}].explainer`, message }),
    ];
  });
}
