import type { PlanContext } from "../context.ts";
import type { WorkloadPlan } from "../workload-plan.ts";

/** The pods and Services of a deployment. */
export function planWorkloads(context: PlanContext): WorkloadPlan {
  void context;
  return { pods: [], services: [] };
}
