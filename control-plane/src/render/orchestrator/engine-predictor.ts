import type { DeploymentPlan, GraphNode, NodeEndpoint, PredictorPlan } from "../../plan/deployment-plan.ts";
import type { JsonObject } from "../xds/resource.ts";
import { servicePort } from "./service-port.ts";

function endpointOf(plan: DeploymentPlan, endpoint: NodeEndpoint): JsonObject {
  return {
    service_host: endpoint.host,
    service_port: servicePort(plan, endpoint),
    ...(endpoint.transport === undefined ? {} : { type: endpoint.transport === "grpc" ? "GRPC" : "REST" }),
    httpPort: endpoint.httpPort,
    grpcPort: endpoint.grpcPort,
  };
}

function nodeOf(plan: DeploymentPlan, node: GraphNode): JsonObject {
  const { name, type, methods, runs, parameters, logger, children } = node;
  return {
    name,
    ...(children.length === 0 ? {} : { children: children.map((child) => nodeOf(plan, child)) }),
    ...(type === undefined ? {} : { type }),
    implementation: runs.in === "orchestrator" ? runs.implementation : "UNKNOWN_IMPLEMENTATION",
    ...(methods.length === 0 ? {} : { methods }),
    ...(runs.in === "container" ? { endpoint: endpointOf(plan, runs.endpoint) } : {}),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map((one) => ({ ...one })) }),
    ...(logger === undefined ? {} : { logger: logger.url === "" ? { mode: logger.mode } : { ...logger } }),
  };
}

/** Containers by name and image: all that an orchestrator reads of them. The rest would roll its pod for nothing. */
function componentSpecsOf({ pods }: PredictorPlan): readonly JsonObject[] {
  return pods.map(({ containers }) => ({
    spec: { containers: containers.map(({ name, image }) => ({ name, image })) },
  }));
}

/**
 * The PredictorSpec that an orchestrator is started with. Traffic, replicas and explainer are left out, as in Seldon
 * 1.17.1, so that changing them restarts nothing; endpoints are resolved.
 */
export function enginePredictor(plan: DeploymentPlan, predictor: PredictorPlan): JsonObject {
  const { name, labels, annotations, shadow, pods } = predictor;
  return {
    name,
    graph: nodeOf(plan, predictor.graph),
    ...(pods.length === 0 ? {} : { componentSpecs: componentSpecsOf(predictor) }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    labels,
    ...(shadow ? { shadow } : {}),
  };
}

/** The value of the variable ENGINE_PREDICTOR: base64 of the predictor in JSON. */
export function renderEnginePredictor(plan: DeploymentPlan, predictor: PredictorPlan): string {
  return Buffer.from(JSON.stringify(enginePredictor(plan, predictor))).toString("base64");
}
