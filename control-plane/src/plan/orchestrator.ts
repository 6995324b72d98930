import type { DefaultedPredictor } from "../model/defaulted.ts";
import { readPodAnnotations, readPredictorAnnotations, type PodAnnotations } from "../model/read-annotations.ts";
import { cap, type PlanContext } from "./context.ts";
import type { OrchestratorPlacement, OrchestratorSettings } from "./deployment-plan.ts";
import { podIndexOf, walkNodes } from "./graph.ts";

/**
 * Where the orchestrator runs. Beside the model when a node of the graph is in the first pod; alone when the deployment
 * asks for it or when there is no such node (Seldon 1.17.1 gives up there, a graph of built-ins needs no container).
 */
export function placeOrchestrator({ annotations }: PlanContext, predictor: DefaultedPredictor): OrchestratorPlacement {
  if (readPredictorAnnotations(predictor).noEngine) return "none";
  if (annotations.engineSeparatePod) return "separate";
  const hasNeighbour = walkNodes(predictor.graph).some((node) => podIndexOf(predictor, node.name) === 0);
  return hasNeighbour ? "sidecar" : "separate";
}

/** `svcOrchSpec.env`; what comes from secrets or fields has no value here and is left to Kubernetes. */
function specEnv(predictor: DefaultedPredictor): Readonly<Record<string, string>> {
  const given = (predictor.svcOrchSpec?.env ?? []).filter((one) => one.valueFrom === undefined);
  return Object.fromEntries(given.map((one) => [one.name, one.value ?? ""]));
}

/** What the orchestrator is started with, beyond its graph. */
export function planOrchestratorSettings(context: PlanContext, predictor: DefaultedPredictor): OrchestratorSettings {
  const { mergeMeta, ...limits } = readPodAnnotations(context.resource, predictor, 0);
  const capped: PodAnnotations = Object.fromEntries(
    Object.entries(limits).map(([name, value]: [string, number]) => [name, cap(value)]),
  );
  const { loggerQueueEntries, loggerWriteTimeoutMs } = context.annotations;
  return {
    env: {
      REQUEST_LOGGER_DEFAULT_ENDPOINT: context.options.requestLoggerUrl,
      ...context.annotations.engineEnv,
      ...specEnv(predictor),
    },
    ...capped,
    ...(mergeMeta === true && context.protocol === "seldon" ? { mergeMeta } : {}),
    ...(loggerQueueEntries === undefined ? {} : { loggerQueueEntries }),
    ...(loggerWriteTimeoutMs === undefined ? {} : { loggerWriteTimeoutMs }),
  };
}
