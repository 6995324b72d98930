import type { PredictorState, RevisionState } from "../../deliver/processes/workload-state.ts";
import { withoutBypass } from "../../plan/bypass-calls.ts";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import type { PredictorAddress } from "./gateway-snapshot.ts";

/** Where a predictor answers: its orchestrator, and its model if that is all of the graph that runs. */
export function addressOf({ address, predictor }: RevisionState): PredictorAddress {
  const { runs, children } = predictor.graph;
  if (children.length > 0 || runs.in !== "container") return address;
  const { host, httpPort, grpcPort } = runs.endpoint;
  return { ...address, model: { host, httpPort, grpcPort } };
}

function hasSameModel({ graph }: PredictorPlan, { current }: PredictorState): boolean {
  const running = current?.predictor.graph;
  return running?.name === graph.name && running.children.length === 0 && running.runs.in === "container";
}

/**
 * The plan, with the way past the orchestrators only where the processes that get requests are those of its models: while others
 * are on their way up, the orchestrators know whom to ask.
 */
export function withRunningBypass(plan: DeploymentPlan, states: readonly PredictorState[]): DeploymentPlan {
  const isRunning = (predictor: PredictorPlan): boolean =>
    states.some(
      (one) => one.deployment === plan.key && one.predictor === predictor.name && hasSameModel(predictor, one),
    );
  if (plan.predictors.every((one) => one.bypass === undefined || isRunning(one))) return plan;
  return { ...plan, predictors: plan.predictors.map(withoutBypass) };
}
