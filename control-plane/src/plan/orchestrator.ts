import type { DefaultedPredictor } from "../model/defaulted.ts";
import { parseWholeNumber, type PlanContext } from "./context.ts";
import type { OrchestratorPlacement, OrchestratorSettings } from "./deployment-plan.ts";
import { podIndexOf, walkNodes } from "./graph.ts";

const NO_ENGINE = "seldon.io/no-engine";
const SEPARATE_POD = "seldon.io/engine-separate-pod";
const ENGINE_PREFIX = "seldon.io/engine-";

function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === "true";
}

/**
 * Where the orchestrator runs. Beside the model when a node of the graph is in the first pod; alone when the deployment
 * asks for it or when there is no such node (Seldon 1.17.1 gives up there, a graph of built-ins needs no container).
 */
export function placeOrchestrator({ resource }: PlanContext, predictor: DefaultedPredictor): OrchestratorPlacement {
  if (isTrue(predictor.annotations?.[NO_ENGINE])) return "none";
  if (isTrue(resource.spec.annotations?.[SEPARATE_POD])) return "separate";
  const hasNeighbour = walkNodes(predictor.graph).some((node) => podIndexOf(predictor, node.name) === 0);
  return hasNeighbour ? "sidecar" : "separate";
}

/** `seldon.io/engine-java-opts` is the variable JAVA_OPTS. */
function annotationEnv({ resource }: PlanContext): Readonly<Record<string, string>> {
  const entries = Object.entries(resource.spec.annotations ?? {})
    .filter(([key]) => key.startsWith(ENGINE_PREFIX) && key !== SEPARATE_POD)
    .map(([key, value]) => [key.slice(ENGINE_PREFIX.length).toUpperCase().replaceAll("-", "_"), value] as const);
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** `svcOrchSpec.env`; what comes from secrets or fields has no value here and is left to Kubernetes. */
function specEnv(predictor: DefaultedPredictor): Readonly<Record<string, string>> {
  const given = (predictor.svcOrchSpec?.env ?? []).filter((one) => one.valueFrom === undefined);
  return Object.fromEntries(given.map((one) => [one.name, one.value ?? ""]));
}

/** What the orchestrator finds in `/etc/podinfo/annotations`: the annotations of its pod. */
export function podAnnotations(
  { resource }: PlanContext,
  predictor: DefaultedPredictor,
): Readonly<Record<string, string>> {
  const [first] = predictor.componentSpecs;
  return { ...resource.spec.annotations, ...predictor.annotations, ...first?.metadata?.annotations };
}

function readNumber(
  context: PlanContext,
  annotations: Readonly<Record<string, string>>,
  name: string,
): number | undefined {
  const text = annotations[name];
  if (text === undefined) return undefined;
  const number = parseWholeNumber(text);
  if (number !== undefined && number > 0) return number;
  if (number === undefined) {
    const message = `${name} is ${JSON.stringify(text)}; it must be a whole number and is ignored`;
    context.report({ code: "AnnotationIgnored", at: ["spec", "annotations", name], message });
  }
  return undefined;
}

/** What the orchestrator is started with, beyond its graph. */
export function planOrchestratorSettings(context: PlanContext, predictor: DefaultedPredictor): OrchestratorSettings {
  const annotations = podAnnotations(context, predictor);
  const restTimeoutMs = readNumber(context, annotations, "seldon.io/rest-timeout");
  const grpcTimeoutMs = readNumber(context, annotations, "seldon.io/grpc-timeout");
  const grpcMaxMessageBytes = readNumber(context, annotations, "seldon.io/grpc-max-message-size");
  return {
    env: {
      REQUEST_LOGGER_DEFAULT_ENDPOINT: context.options.requestLoggerUrl,
      ...annotationEnv(context),
      ...specEnv(predictor),
    },
    ...(restTimeoutMs === undefined ? {} : { restTimeoutMs }),
    ...(grpcTimeoutMs === undefined ? {} : { grpcTimeoutMs }),
    ...(grpcMaxMessageBytes === undefined ? {} : { grpcMaxMessageBytes }),
  };
}
