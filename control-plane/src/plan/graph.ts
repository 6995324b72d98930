import { nodeRuns } from "../model/graph.ts";
import type { DefaultedNode, DefaultedPredictor } from "../model/defaulted.ts";
import type { PlanContext } from "./context.ts";
import type {
  BuiltinImplementation,
  GraphNode,
  NodeEndpoint,
  NodeMethod,
  NodeType,
  OrchestratorPlacement,
} from "./deployment-plan.ts";
import { containerServiceName, serviceHost } from "./names.ts";

const TYPES: readonly NodeType[] = ["MODEL", "ROUTER", "COMBINER", "TRANSFORMER", "OUTPUT_TRANSFORMER"];
const METHODS: readonly NodeMethod[] = ["TRANSFORM_INPUT", "TRANSFORM_OUTPUT", "ROUTE", "AGGREGATE", "SEND_FEEDBACK"];
const LOGGER_MODES = ["all", "request", "response"] as const;

function isOneOf<T extends string>(values: readonly T[], value: string | undefined): value is T {
  return values.some((one) => one === value);
}

/** Every node of a graph, parents first. */
export function walkNodes<Node extends { readonly children: readonly Node[] }>(root: Node): readonly Node[] {
  return [root, ...root.children.flatMap(walkNodes)];
}

/** Where the containers of a predictor stand: index of the first componentSpec that has the name. */
export function podIndexOf(predictor: DefaultedPredictor, container: string): number {
  return predictor.componentSpecs.findIndex(({ spec }) => spec.containers.some((one) => one.name === container));
}

/** Indices of the componentSpecs that have a container of the name. */
export function podsWith(predictor: DefaultedPredictor, container: string): readonly number[] {
  const pods: number[] = [];
  predictor.componentSpecs.forEach(({ spec }, index) => {
    if (spec.containers.some((one) => one.name === container)) pods.push(index);
  });
  return pods;
}

/** True when the first pod has the container and no other: a name in several pods is reached by its Service, which picks one. */
export function standsInFirstPod(predictor: DefaultedPredictor, container: string): boolean {
  const pods = podsWith(predictor, container);
  return pods.length === 1 && pods[0] === 0;
}

/** A node is next to its orchestrator when both are in the first pod. */
function hostOf(
  context: PlanContext,
  predictor: DefaultedPredictor,
  node: string,
  placement: OrchestratorPlacement,
): string {
  if (placement === "sidecar" && standsInFirstPod(predictor, node)) return "localhost";
  const service = containerServiceName(context.name, predictor.name, node);
  return serviceHost(service, context.namespace, context.options.clusterDomain);
}

/** The protocol that a node insists on, if any. */
function transportOf(type: string | undefined): Pick<NodeEndpoint, "transport"> {
  if (type === "REST") return { transport: "rest" };
  return type === "GRPC" ? { transport: "grpc" } : {};
}

function planRuns(
  context: PlanContext,
  predictor: DefaultedPredictor,
  node: DefaultedNode,
  placement: OrchestratorPlacement,
): GraphNode["runs"] {
  const { endpoint } = node;
  if (nodeRuns(node) === "builtin" || endpoint === undefined) {
    return { in: "orchestrator", implementation: node.implementation as BuiltinImplementation };
  }
  const containers = predictor.componentSpecs.flatMap(({ spec }) => spec.containers);
  return {
    in: "container",
    container: node.name,
    image: containers.find((one) => one.name === node.name)?.image ?? "",
    endpoint: {
      host: hostOf(context, predictor, node.name, placement),
      httpPort: endpoint.httpPort,
      grpcPort: endpoint.grpcPort,
      ...transportOf(endpoint.type),
    },
  };
}

function planLogger({ logger }: DefaultedNode): Pick<GraphNode, "logger"> {
  const mode = logger?.mode;
  return isOneOf(LOGGER_MODES, mode) ? { logger: { mode, url: logger?.url ?? "" } } : {};
}

/** The graph with every endpoint resolved. Types and methods that Seldon does not know mean nothing to it, nor here. */
export function planGraph(
  context: PlanContext,
  predictor: DefaultedPredictor,
  placement: OrchestratorPlacement,
  node: DefaultedNode = predictor.graph,
): GraphNode {
  return {
    name: node.name,
    ...(isOneOf(TYPES, node.type) ? { type: node.type } : {}),
    methods: (node.methods ?? []).filter((method): method is NodeMethod => isOneOf(METHODS, method)),
    runs: planRuns(context, predictor, node, placement),
    parameters: (node.parameters ?? []).map(({ name, value, type }) => ({ name, value, type })),
    ...planLogger(node),
    children: node.children.map((child) => planGraph(context, predictor, placement, child)),
  };
}
