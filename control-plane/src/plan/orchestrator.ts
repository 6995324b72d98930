import type { EnvVar } from "../model/kubernetes.ts";
import type { DefaultedPredictor } from "../model/defaulted.ts";
import { readPodAnnotations, readPredictorAnnotations, type PodAnnotations } from "../model/read-annotations.ts";
import { cap, type PlanContext } from "./context.ts";
import type { OrchestratorPlacement, OrchestratorSettings } from "./deployment-plan.ts";
import { podsWith, standsInFirstPod, walkNodes } from "./graph.ts";

/**
 * Where the orchestrator runs. Beside the model when a node of the graph is in the first pod and in no other; alone
 * when the deployment asks for it or when there is no such node (Seldon 1.17.1 gives up there: a graph of built-ins
 * needs no container).
 */
export function placeOrchestrator(context: PlanContext, predictor: DefaultedPredictor): OrchestratorPlacement {
  const hasNeighbour = walkNodes(predictor.graph).some((node) => standsInFirstPod(predictor, node.name));
  if (hasNeighbour && context.orchestratorBeside?.has(predictor.name) === true) return "sidecar";
  if (readPredictorAnnotations(predictor).noEngine) return "none";
  if (context.annotations.engineSeparatePod) return "separate";
  return hasNeighbour ? "sidecar" : "separate";
}

/** Indices of the componentSpecs whose pods take the predictor's requests; none: an orchestrator of its own does. */
export function servingPods(predictor: DefaultedPredictor, placement: OrchestratorPlacement): readonly number[] {
  switch (placement) {
    case "sidecar":
      return [0];
    case "separate":
      return [];
    case "none":
      return podsWith(predictor, predictor.graph.name);
  }
}

/** The render writes it; what a user says under its name would be another graph. */
const ENGINE_PREDICTOR = "ENGINE_PREDICTOR";

/**
 * The orchestrator's variables but ENGINE_PREDICTOR, in Seldon's order: where payloads go, `svcOrchSpec.env`, then
 * `seldon.io/engine-<x>` annotations. Each name once; `svcOrchSpec.env` wins over both.
 */
export function orchestratorEnv(
  { annotations, options }: PlanContext,
  predictor: DefaultedPredictor,
): readonly EnvVar[] {
  const own = new Map((predictor.svcOrchSpec?.env ?? []).map((one) => [one.name, one]));
  const engine = Object.entries(annotations.engineEnv).map(([name, value]): [string, EnvVar] => [
    name,
    { name, value },
  ]);
  const logger = { name: "REQUEST_LOGGER_DEFAULT_ENDPOINT", value: options.requestLoggerUrl };
  const all = new Map<string, EnvVar>([[logger.name, logger], ...own, ...engine, ...own]);
  all.delete(ENGINE_PREDICTOR);
  return [...all.values()];
}

/** The variables that have a value; what comes from secrets or fields is left to Kubernetes. */
function envValues(context: PlanContext, predictor: DefaultedPredictor): Readonly<Record<string, string>> {
  const given = orchestratorEnv(context, predictor).filter((one) => one.valueFrom === undefined);
  return Object.fromEntries(given.map((one) => [one.name, one.value ?? ""]));
}

/** What the orchestrator is started with, beyond its graph. */
export function planOrchestratorSettings(
  context: PlanContext,
  predictor: DefaultedPredictor,
  placement: OrchestratorPlacement,
): OrchestratorSettings {
  const [pod] = servingPods(predictor, placement);
  const { mergeMeta, ...limits } = readPodAnnotations(context.resource, predictor, pod);
  const capped: PodAnnotations = Object.fromEntries(
    Object.entries(limits).map(([name, value]: [string, number]) => [name, cap(value)]),
  );
  const { loggerQueueEntries, loggerWriteTimeoutMs } = context.annotations;
  return {
    env: envValues(context, predictor),
    ...capped,
    ...(mergeMeta === true && context.protocol === "seldon" ? { mergeMeta } : {}),
    ...(loggerQueueEntries === undefined ? {} : { loggerQueueEntries }),
    ...(loggerWriteTimeoutMs === undefined ? {} : { loggerWriteTimeoutMs }),
  };
}
