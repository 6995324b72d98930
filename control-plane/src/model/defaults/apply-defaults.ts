import type {
  DefaultedComponentSpec,
  DefaultedDeployment,
  DefaultedEndpoint,
  DefaultedNode,
  DefaultedPredictor,
} from "../defaulted.ts";
import { containersOf, nodeRuns, UNKNOWN_IMPLEMENTATION, walkGraph } from "../graph.ts";
import type { Container } from "../kubernetes.ts";
import type { PortsInUse } from "../model.ts";
import type { PredictiveUnit, PredictorSpec, SeldonDeployment } from "../seldon-deployment.ts";
import type { ModelSettings } from "../settings.ts";
import { dressGraphContainer } from "./graph-container.ts";
import { deploymentNumbers, type DeploymentNumbers, type PredictorNumbers } from "./port-numbers.ts";
import { serverImage } from "./server-image.ts";

interface Context {
  readonly protocol: string | undefined;
  readonly transport: string | undefined;
  readonly settings: ModelSettings;
  readonly numbers: DeploymentNumbers;
}

/**
 * Fills in what Seldon 1.17.1 fills in before it deploys: namespace, version label, node types and implementations, port
 * numbers, containers and images of prepackaged servers. Expects a validated deployment; returns a new value.
 */
export function applyDefaults(
  raw: SeldonDeployment,
  settings: ModelSettings,
  portsInUse?: PortsInUse,
): DefaultedDeployment {
  const { metadata, spec } = raw;
  const { firstGrpcPort, firstHttpPort, firstMetricsPort } = settings;
  const first = { http: firstHttpPort, grpc: firstGrpcPort, metrics: firstMetricsPort };
  const context: Context = {
    protocol: spec.protocol,
    transport: spec.transport,
    settings,
    numbers: deploymentNumbers(first, portsInUse),
  };
  const namespace = metadata.namespace ?? "";
  return {
    ...raw,
    metadata: {
      ...metadata,
      name: metadata.name ?? "",
      namespace: namespace === "" ? settings.defaultNamespace : namespace,
    },
    spec: { ...spec, predictors: spec.predictors.map((predictor) => defaultPredictor(predictor, context)) },
  };
}

function defaultPredictor(predictor: PredictorSpec, context: Context): DefaultedPredictor {
  const nodes = walkGraph(predictor.graph, 0).map(({ node }) => node);
  const servers = serverImages(nodes, context);
  const graphNames = new Set(nodes.map((node) => node.name));
  const portsByName = new Map<string, ContainerPorts>();
  const declared = (predictor.componentSpecs ?? []).flatMap(containersOf);
  const numbers = context.numbers.ofPredictor(
    predictor.name,
    [...declared.map(({ name }) => name), ...servers.keys()],
    declared.flatMap(({ ports }) => (ports ?? []).map((port) => port.containerPort)),
  );
  const complete = (container: Container): Container => {
    const ports = containerPorts(container, numbers);
    if (!graphNames.has(container.name)) return container;
    portsByName.set(container.name, ports);
    const withImage = setImage(container, servers.get(container.name) ?? "", context.protocol);
    return dressGraphContainer(withImage, context.settings.metricsPortName, () => numbers.metrics(container.name));
  };
  // Numbers go to the containers that are given before those that are added.
  const given = (predictor.componentSpecs ?? []).map((componentSpec): DefaultedComponentSpec => ({
    ...componentSpec,
    spec: { ...componentSpec.spec, containers: containersOf(componentSpec).map(complete) },
  }));
  const added = [...servers.keys()].filter((name) => !portsByName.has(name)).map((name) => complete({ name }));
  return {
    ...predictor,
    labels: { version: predictor.name, ...predictor.labels },
    graph: defaultNode(predictor.graph, portsByName, context),
    componentSpecs: addContainers(given, added),
  };
}

/** The image of each prepackaged node, by the node's name. */
function serverImages(nodes: readonly PredictiveUnit[], context: Context): ReadonlyMap<string, string> {
  const { protocol, settings } = context;
  return new Map(
    nodes
      .filter((node) => nodeRuns(node) === "prepackaged")
      .map((node) => [node.name, serverImage(settings.predictorServers, node.implementation ?? "", protocol)]),
  );
}

/** Prepackaged servers without a container of their own live in the first pod. */
function addContainers(
  given: readonly DefaultedComponentSpec[],
  added: readonly Container[],
): readonly DefaultedComponentSpec[] {
  if (added.length === 0) return given;
  const [first, ...others] = given;
  if (first === undefined) return [{ spec: { containers: added } }];
  return [{ ...first, spec: { ...first.spec, containers: [...first.spec.containers, ...added] } }, ...others];
}

/** With protocol tensorflow the image is chosen when the pod is planned. */
function setImage(container: Container, image: string, protocol: string | undefined): Container {
  const keeps = protocol === "tensorflow" || image === "" || (container.image ?? "") !== "";
  return keeps ? container : { ...container, image };
}

interface ContainerPorts {
  readonly httpPort: number;
  readonly grpcPort: number;
}

/** Every container takes a number, in the graph or not; a port named `http` or `grpc` overrides it for that container. */
function containerPorts(container: Container, numbers: PredictorNumbers): ContainerPorts {
  const named = (name: string): number | undefined =>
    container.ports?.find((port) => port.name === name)?.containerPort;
  const { http, grpc } = numbers.serving(container.name);
  return { httpPort: named("http") ?? http, grpcPort: named("grpc") ?? grpc };
}

function defaultNode(
  node: PredictiveUnit,
  ports: ReadonlyMap<string, ContainerPorts>,
  context: Context,
): DefaultedNode {
  const { endpoint, type, ...rest } = node;
  const filledType = defaultType(node) ?? type;
  const own = ports.get(node.name);
  return {
    ...rest,
    ...(filledType === undefined ? {} : { type: filledType }),
    implementation: (node.implementation ?? "") === "" ? UNKNOWN_IMPLEMENTATION : (node.implementation ?? ""),
    ...(own === undefined ? {} : { endpoint: defaultEndpoint(endpoint, own, context) }),
    children: (node.children ?? []).map((child) => defaultNode(child, ports, context)),
  };
}

/** MODEL for prepackaged servers, and for nodes that say nothing at all; built-ins keep what they have. */
function defaultType(node: PredictiveUnit): string | undefined {
  if (nodeRuns(node) === "prepackaged") return "MODEL";
  const silent = node.type === undefined && node.methods === undefined && node.implementation === undefined;
  return silent ? "MODEL" : undefined;
}

function defaultEndpoint(
  given: PredictiveUnit["endpoint"],
  { httpPort, grpcPort }: ContainerPorts,
  { transport }: Context,
): DefaultedEndpoint {
  const speaksGrpc = given?.type === "GRPC" || transport === "grpc";
  return {
    ...(given?.type === undefined ? {} : { type: given.type }),
    ...(given?.service_host === undefined ? {} : { service_host: given.service_host }),
    service_port: speaksGrpc ? grpcPort : httpPort,
    httpPort,
    grpcPort,
  };
}
