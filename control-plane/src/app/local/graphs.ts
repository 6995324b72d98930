import type { PredictorState } from "../../deliver/processes/workload-state.ts";
import type { ResourceChanges, ResourceStore } from "../../deliver/xds-server/resource-store.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { renderInferenceGraph } from "../../render/orchestrator/inference-graph.ts";
import { encodeResource } from "../../render/xds/encode.ts";
import { TYPE } from "../../render/xds/type-urls.ts";

/**
 * What to change so that the store holds the graph of every predictor that runs: with the processes that get its requests now, or, before
 * there were any, with those on their way up. `planOf` is the plan that a deployment's processes were started for.
 */
export function changeGraphs(
  store: ResourceStore,
  states: readonly PredictorState[],
  planOf: (key: string) => DeploymentPlan | undefined,
): ResourceChanges {
  const set = states.flatMap((state) => {
    const plan = planOf(state.deployment);
    const predictor = (state.current ?? state.next)?.predictor;
    return plan && predictor ? [encodeResource(renderInferenceGraph(plan, predictor))] : [];
  });
  const names = new Set(set.map((one) => one.name));
  const gone = [...store.names(TYPE.inferenceGraph)].filter((name) => !names.has(name));
  return { set, remove: gone.map((name) => ({ typeUrl: TYPE.inferenceGraph, name })) };
}
