import type { DeploymentPlan } from "../../plan/deployment-plan.ts";

/** What a test may say of a plan. */
export type PlanChanges = Partial<Omit<DeploymentPlan, "key" | "namespace" | "name" | "seldonId" | "workloads">>;

/** A plan of one predictor, `main`, but for what is said. */
export function planOf(key: string, changes: PlanChanges = {}): DeploymentPlan {
  const [namespace = "", name = ""] = key.split("/");
  return {
    key,
    namespace,
    name,
    seldonId: name,
    protocol: "seldon",
    transport: "rest",
    hosts: ["*"],
    gateways: [],
    predictors: [],
    split: [{ predictor: "main", weight: 100 }],
    shadows: [],
    rules: [],
    fallback: [],
    permits: { force: [], explain: [] },
    workloads: { pods: [], services: [] },
    ...changes,
  };
}
