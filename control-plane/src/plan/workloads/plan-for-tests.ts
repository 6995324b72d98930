import assert from "node:assert/strict";
import { loadObjects } from "../../model/load.ts";
import type { Problem } from "../../problem/problem.ts";
import type { DeploymentPlan } from "../deployment-plan.ts";
import { frozen } from "../frozen-for-tests.ts";
import { planDeployment } from "../plan-deployment.ts";
import { DEFAULT_WORKLOAD_OPTIONS, type WorkloadOptions } from "../workload-options.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** A componentSpec of containers with these names. */
export function podOf(...names: readonly string[]): Fields {
  return { spec: { containers: names.map((name) => ({ name, image: `${name}:1` })) } };
}

/** A predictor of one model. */
export function predictorOf(name: string, fields: Fields = {}): Fields {
  return { name, graph: { name: "model", type: "MODEL" }, componentSpecs: [podOf("model")], ...fields };
}

/** Plans a deployment `seldon/example`, or one of another name, that must be accepted. */
export function planOf(
  predictors: readonly Fields[],
  spec: Fields = {},
  workloads: Partial<WorkloadOptions> = {},
  name = "example",
): { readonly plan: DeploymentPlan | undefined; readonly problems: readonly Problem[] } {
  const value = {
    apiVersion: "machinelearning.seldon.io/v1",
    kind: "SeldonDeployment",
    metadata: { name, namespace: "seldon" },
    spec: { ...spec, predictors },
  };
  const { value: model } = loadObjects([{ value }]);
  const [deployment] = model.deployments;
  assert.ok(deployment?.accepted === true, JSON.stringify(deployment?.problems));
  const planned = planDeployment(deployment, { workloads: { ...DEFAULT_WORKLOAD_OPTIONS, ...workloads } });
  return { plan: frozen(planned.value), problems: planned.problems };
}

/** The same for a deployment that nothing speaks against. */
export function soundPlan(...parts: Parameters<typeof planOf>): DeploymentPlan {
  const { plan, problems } = planOf(...parts);
  assert.deepEqual(problems, []);
  assert.ok(plan !== undefined);
  return plan;
}
