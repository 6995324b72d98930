import { loadDocuments } from "../control-plane/src/model/load.ts";
import type { DeploymentPlan } from "../control-plane/src/plan/deployment-plan.ts";
import type { PlanOptions } from "../control-plane/src/plan/options.ts";
import { planModel } from "../control-plane/src/plan/plan-model.ts";
import type { Checked } from "../control-plane/src/problem/problem.ts";
import { createFileSource } from "../control-plane/src/source/file/file-source.ts";

/** Reads files and folders and plans what is in them. Problems of reading come first. */
export async function readPlans(
  paths: readonly string[],
  options: Partial<PlanOptions> = {},
): Promise<Checked<readonly DeploymentPlan[]>> {
  const source = await createFileSource(paths).read();
  const { value, problems } = planModel(loadDocuments(source.value), options);
  return { value, problems: [...source.problems, ...problems] };
}
