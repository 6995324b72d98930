import { modelParameters } from "../../../proto/graph/reserved-parameters.ts";
import type { DefaultedEndpoint, DefaultedNode, DefaultedPredictor } from "../model/defaulted.ts";
import type { Container, EnvVar } from "../model/kubernetes.ts";
import type { PlanContext } from "./context.ts";
import { MODEL_FOLDER } from "./workloads/server/model-download.ts";

/** The parameters of a node that are its model's, as JSON; undefined without any. */
function parametersOf({ parameters = [] }: DefaultedNode): string | undefined {
  const own = modelParameters(parameters).map(({ name, value, type }) => ({ name, value, type }));
  return own.length === 0 ? undefined : JSON.stringify(own);
}

type Variables = readonly (readonly [name: string, value: string | undefined])[];

/** Variables that a container may set itself. */
function defaultVariables(node: DefaultedNode, endpoint: DefaultedEndpoint): Variables {
  const http = String(endpoint.httpPort);
  const grpc = String(endpoint.grpcPort);
  return [
    ["PREDICTIVE_UNIT_SERVICE_PORT", String(endpoint.service_port)],
    ["PREDICTIVE_UNIT_HTTP_SERVICE_PORT", http],
    ["MLSERVER_HTTP_PORT", http],
    ["PREDICTIVE_UNIT_GRPC_SERVICE_PORT", grpc],
    ["MLSERVER_GRPC_PORT", grpc],
    ["PREDICTIVE_UNIT_PARAMETERS", parametersOf(node)],
    ["MLSERVER_MODEL_URI", (node.modelUri ?? "") === "" ? undefined : MODEL_FOLDER],
  ];
}

/** Variables that say what is so; a container cannot set them. */
function fixedVariables(context: PlanContext, predictor: DefaultedPredictor, container: Container): Variables {
  const { metricsPortName, prometheusPath } = context.options;
  const metrics = container.ports?.find((port) => port.name === metricsPortName)?.containerPort;
  const metricsPort = metrics === undefined ? undefined : String(metrics);
  const metricsPath = metrics === undefined ? undefined : prometheusPath;
  return [
    ["PREDICTIVE_UNIT_ID", container.name],
    ["MLSERVER_MODEL_NAME", container.name],
    ["PREDICTIVE_UNIT_IMAGE", container.image ?? ""],
    ["PREDICTOR_ID", predictor.name],
    ["PREDICTOR_LABELS", JSON.stringify(sortKeys(predictor.labels))],
    ["SELDON_DEPLOYMENT_ID", context.name],
    ["SELDON_EXECUTOR_ENABLED", "true"],
    ["PREDICTIVE_UNIT_METRICS_SERVICE_PORT", metricsPort],
    ["MLSERVER_METRICS_PORT", metricsPort],
    ["PREDICTIVE_UNIT_METRICS_ENDPOINT", metricsPath],
    ["MLSERVER_METRICS_ENDPOINT", metricsPath],
  ];
}

function sortKeys(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function present(variables: Variables): readonly EnvVar[] {
  const found: EnvVar[] = [];
  for (const [name, value] of variables) if (value !== undefined) found.push({ name, value });
  return found;
}

function isAmong(variables: readonly { readonly name: string }[], { name }: { readonly name: string }): boolean {
  return variables.some((one) => one.name === name);
}

/** Each name once: the last one holds, as in a pod, and keeps its place. */
export function lastOfEachName<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  if (items.length < 2) return items;
  const last = new Map(items.map((one) => [one.name, one]));
  return last.size === items.length ? items : items.filter((one) => last.get(one.name) === one);
}

/** The environment of a graph container: its own variables stay as written, Seldon's are added, each name once. */
export function graphContainerEnv(
  context: PlanContext,
  predictor: DefaultedPredictor,
  node: DefaultedNode,
  endpoint: DefaultedEndpoint,
  container: Container,
): readonly EnvVar[] {
  const fixed = present(fixedVariables(context, predictor, container));
  const own = lastOfEachName((container.env ?? []).filter((one) => !isAmong(fixed, one)));
  const defaults = present(defaultVariables(node, endpoint)).filter((one) => !isAmong(own, one));
  return [...own, ...defaults, ...fixed];
}
