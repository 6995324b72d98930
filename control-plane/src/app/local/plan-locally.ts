import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import type { PlanOptions } from "../../plan/options.ts";
import { planDeployment, type PlanInput } from "../../plan/plan-deployment.ts";
import { problem, type Checked, type Problem } from "../../problem/problem.ts";

function withoutExplainer(predictor: PredictorPlan): PredictorPlan {
  const { explainer, ...others } = predictor;
  return explainer === undefined ? predictor : others;
}

function explainersLeftOut({ key, predictors }: DeploymentPlan): readonly Problem[] {
  return predictors.flatMap(({ name, explainer }, index) => {
    if (explainer === undefined) return [];
    const message = `the explainer of predictor ${name} is not run on this machine`;
    return [problem("ExplainerNotRouted", { object: key, path: `spec.predictors[${index}].explainer`, message })];
  });
}

/** What a deployment means where its containers are processes: no images are needed, explainers are left out. */
export function planLocally(input: PlanInput, options: Partial<PlanOptions> = {}): Checked<DeploymentPlan | undefined> {
  const { value, problems } = planDeployment(input, { ...options, needsImages: false });
  if (value === undefined) return { value, problems };
  return {
    value: { ...value, predictors: value.predictors.map(withoutExplainer) },
    problems: [...problems, ...explainersLeftOut(value)],
  };
}
