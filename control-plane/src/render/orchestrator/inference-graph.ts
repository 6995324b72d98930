import type { DeploymentPlan, GraphNode, NodeEndpoint, PredictorPlan, Protocol } from "../../plan/deployment-plan.ts";
import { graphName } from "../../plan/names.ts";
import type { JsonObject, XdsResource } from "../xds/resource.ts";
import { TYPE } from "../xds/type-urls.ts";
import { servicePort } from "./service-port.ts";

const PROTOCOLS = {
  seldon: "PROTOCOL_SELDON",
  tensorflow: "PROTOCOL_TENSORFLOW",
  v2: "PROTOCOL_V2",
} as const satisfies Record<Protocol, string>;

const LOGGER_MODES = { all: "LOGGER_ALL", request: "LOGGER_REQUEST", response: "LOGGER_RESPONSE" } as const;
const TRANSPORTS = { rest: "REST", grpc: "GRPC" } as const;

function renderEndpoint(plan: DeploymentPlan, endpoint: NodeEndpoint): JsonObject {
  return {
    host: endpoint.host,
    http_port: endpoint.httpPort,
    grpc_port: endpoint.grpcPort,
    service_port: servicePort(plan, endpoint),
    ...(endpoint.transport === undefined ? {} : { transport: TRANSPORTS[endpoint.transport] }),
  };
}

function renderRuns(plan: DeploymentPlan, { runs }: GraphNode): JsonObject {
  if (runs.in === "orchestrator") return { implementation: runs.implementation };
  const { endpoint, image } = runs;
  return { endpoint: renderEndpoint(plan, endpoint), ...(image === "" ? {} : { image }) };
}

function renderNode(plan: DeploymentPlan, node: GraphNode): JsonObject {
  const { type, methods, parameters, logger, children } = node;
  return {
    name: node.name,
    ...(type === undefined ? {} : { type }),
    ...(methods.length === 0 ? {} : { methods }),
    ...renderRuns(plan, node),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map((one) => ({ ...one })) }),
    ...(logger === undefined ? {} : { logger: { mode: LOGGER_MODES[logger.mode], url: logger.url } }),
    ...(children.length === 0 ? {} : { children: children.map((child) => renderNode(plan, child)) }),
  };
}

function renderSettings({ orchestratorSettings }: PredictorPlan): JsonObject {
  const { restTimeoutMs, grpcTimeoutMs, grpcMaxMessageBytes, mergeMeta } = orchestratorSettings;
  const settings = {
    ...(restTimeoutMs === undefined ? {} : { rest_timeout_ms: restTimeoutMs }),
    ...(grpcTimeoutMs === undefined ? {} : { grpc_timeout_ms: grpcTimeoutMs }),
    ...(grpcMaxMessageBytes === undefined ? {} : { grpc_max_message_bytes: grpcMaxMessageBytes }),
    ...(mergeMeta === undefined ? {} : { merge_meta: mergeMeta }),
  };
  return Object.keys(settings).length === 0 ? {} : { settings };
}

/** The graph of one predictor, as its orchestrator gets it over xDS. Defaults are left out. */
export function renderInferenceGraph(plan: DeploymentPlan, predictor: PredictorPlan): XdsResource {
  const body = {
    namespace: plan.namespace,
    deployment: plan.name,
    predictor: predictor.name,
    ...(plan.protocol === "seldon" ? {} : { protocol: PROTOCOLS[plan.protocol] }),
    root: renderNode(plan, predictor.graph),
    ...(plan.permits.force.length > 0 ? { allow_branches: true } : {}),
    ...(plan.permits.explain.length > 0 ? { allow_explain: true } : {}),
    ...renderSettings(predictor),
    predictor_version: predictor.version,
  };
  return { typeUrl: TYPE.inferenceGraph, name: graphName(plan.namespace, plan.name, predictor.name), body };
}
