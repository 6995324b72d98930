import type { DefaultedPredictor } from "../../model/defaulted.ts";
import type { FieldPath } from "../../model/model.ts";
import type { PlanContext } from "../context.ts";
import type { BypassPlan, PredictorPlan, Transport } from "../deployment-plan.ts";
import { containerServiceName, serviceHost } from "../names.ts";
import { orchestratorEnv } from "../orchestrator.ts";
import type { ShadowEntry } from "../traffic-plan.ts";
import { hasCertificate } from "../workloads/pod-spec.ts";

/** Something that only the orchestrator does, and where the resource asks for it. */
interface Need {
  readonly at: FieldPath;
  readonly message: string;
}

const ALL_TRANSPORTS: readonly Transport[] = ["rest", "grpc"];
const ALLOWED_ORIGINS = "CORS_ALLOWED_ORIGINS";
const ALLOWED_HEADERS = "CORS_ALLOWED_HEADERS";
/** What the orchestrator tells browsers where its environment says nothing (Seldon 1.17.1). */
const DEFAULT_ALLOWED_HEADERS = "Accept, Accept-Encoding, Authorization, Content-Length, Content-Type, X-CSRF-Token";

/** Variables of the orchestrator that change what clients are answered or what is known of it, and how. */
const NEEDED_FOR: Readonly<Record<string, string>> = {
  SELDON_ENABLE_ROUTING_INJECTION: "adds the routing to answers",
  GRAPHWAY_MERGE_META: "merges the meta of answers",
  SELDON_CERT_MOUNT_PATH: "speaks TLS",
  OTEL_EXPORTER_OTLP_ENDPOINT: "traces calls",
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "traces calls",
  JAEGER_ENDPOINT: "traces calls",
};

function needsOfPlacement({ annotations }: PlanContext, { orchestrator }: PredictorPlan): readonly string[] {
  switch (orchestrator) {
    case "none":
      return ["runs without orchestrator, so requests go to its model anyway"];
    case "separate":
      return ["has its orchestrator in a pod of its own"];
    case "sidecar":
      return annotations.headlessService ? ["has a headless Service"] : [];
  }
}

function needsOfGraph({ graph }: PredictorPlan): readonly (readonly [field: string, message: string])[] {
  if (graph.children.length > 0) return [["children", "has a graph of more than one node"]];
  if (graph.runs.in === "orchestrator")
    return [["implementation", `has node ${graph.name} built into its orchestrator`]];
  if (graph.type !== "MODEL") return [["type", `has node ${graph.name}, which is no MODEL`]];
  return graph.logger === undefined ? [] : [["logger", "logs payloads"]];
}

function needsOfSettings({ orchestratorSettings }: PredictorPlan): readonly string[] {
  const { mergeMeta, restTimeoutMs, grpcTimeoutMs, grpcMaxMessageBytes } = orchestratorSettings;
  return [
    ...(mergeMeta === true ? ["merges the meta of answers (graphway.dev/merge-meta)"] : []),
    ...(restTimeoutMs === undefined ? [] : ["limits calls to the model (seldon.io/rest-timeout)"]),
    ...(grpcTimeoutMs === undefined ? [] : ["limits calls to the model (seldon.io/grpc-timeout)"]),
    ...(grpcMaxMessageBytes === undefined ? [] : ["limits messages (seldon.io/grpc-max-message-size)"]),
  ];
}

function needsOfEnvironment(context: PlanContext, predictor: DefaultedPredictor): readonly string[] {
  return orchestratorEnv(context, predictor).flatMap(({ name, value = "", valueFrom }) => {
    const isFrom = valueFrom !== undefined;
    if (isFrom && (name === ALLOWED_ORIGINS || name === ALLOWED_HEADERS)) return [`takes ${name} from elsewhere`];
    const isOn = isFrom || (value !== "" && value !== "false");
    const what = NEEDED_FOR[name];
    return isOn && what !== undefined ? [`has an orchestrator that ${what} (${name})`] : [];
  });
}

/** What keeps the orchestrator of a predictor in the way of requests. */
function needsOf(context: PlanContext, plan: PredictorPlan, index: number): readonly Need[] {
  const predictor = context.resource.spec.predictors[index];
  if (predictor === undefined) return [];
  const at = ["spec", "predictors", index];
  const said = (what: string): string => `predictor ${plan.name} ${what}`;
  return [
    ...needsOfPlacement(context, plan).map((what) => ({ at, message: said(what) })),
    ...needsOfGraph(plan).map(([field, what]) => ({ at: [...at, "graph", field], message: said(what) })),
    ...(hasCertificate(predictor) ? [{ at: [...at, "ssl"], message: said("speaks TLS itself") }] : []),
    ...[...needsOfSettings(plan), ...needsOfEnvironment(context, predictor)].map((what) => {
      return { at, message: said(what) };
    }),
  ];
}

/** Where copies are made, routes can't say two paths: the shadow's would be those of the predictor that answers. */
function needsOfShadows({ resource }: PlanContext, shadows: readonly ShadowEntry[]): readonly Need[] {
  return shadows.map(({ predictor }) => {
    const index = resource.spec.predictors.findIndex(({ name }) => name === predictor);
    return { at: ["spec", "predictors", index], message: `predictor ${predictor} gets copies of requests` };
  });
}

function bypassOf(
  { name, namespace, options, transport }: PlanContext,
  predictor: PredictorPlan,
): BypassPlan | undefined {
  const { graph, orchestratorSettings } = predictor;
  if (graph.runs.in !== "container") return undefined;
  const { httpPort, grpcPort, transport: only } = graph.runs.endpoint;
  // A Service can't have one port twice; it has the one that the deployment is called by.
  const offered: readonly Transport[] = httpPort === grpcPort ? [transport] : ALL_TRANSPORTS;
  const serviceName = containerServiceName(name, predictor.name, graph.runs.container);
  const named = graph.parameters.find((one) => one.name === "model_name")?.value ?? "";
  return {
    serviceName,
    serviceHost: serviceHost(serviceName, namespace, options.clusterDomain),
    httpPort,
    grpcPort,
    model: named === "" ? graph.name : named,
    transports: offered.filter((one) => only === undefined || one === only),
    allowedOrigins: orchestratorSettings.env[ALLOWED_ORIGINS] || "*",
    allowedHeaders: orchestratorSettings.env[ALLOWED_HEADERS] || DEFAULT_ALLOWED_HEADERS,
  };
}

/**
 * The predictors with the way past their orchestrators, for a policy that asks for it. All of them or none: the
 * requests of a split have one path. What needs an orchestrator is reported.
 */
export function planBypass(
  context: PlanContext,
  predictors: readonly PredictorPlan[],
  shadows: readonly ShadowEntry[],
): readonly PredictorPlan[] {
  const needs = [
    ...needsOfShadows(context, shadows),
    ...predictors.flatMap((one, index) => (one.shadow ? [] : needsOf(context, one, index))),
  ];
  for (const { at, message } of needs) {
    context.report({ code: "PolicyBypassUnfit", at, message: `no bypass: ${message}` });
  }
  if (needs.length > 0) return predictors;
  return predictors.map((one) => {
    const bypass = one.shadow ? undefined : bypassOf(context, one);
    return bypass === undefined ? one : { ...one, bypass };
  });
}
