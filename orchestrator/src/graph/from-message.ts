import { graphway } from "#proto/gen/inference-graph.js";
import { checkGraph } from "./check-graph.ts";
import type { DraftEndpoint, DraftGraph, DraftLogger, DraftNode, Identity } from "./draft.ts";
import { MAX_DEPTH } from "./draft.ts";
import type { Builtin, CheckedGraph, GraphProblem, NodeMethod, NodeType, Transport } from "./graph.ts";

const wire = graphway.v1;

/** Reads an encoded graphway.v1.InferenceGraph. A message of another predictor, or with unknown values, is refused. */
export function graphOfMessage(bytes: Uint8Array, identity: Identity): CheckedGraph {
  let message: graphway.v1.InferenceGraph;
  try {
    message = wire.InferenceGraph.decode(bytes);
  } catch (error) {
    return refuse([
      { severity: "error", path: "", message: `not an InferenceGraph: ${error instanceof Error ? error.message : ""}` },
    ]);
  }
  const problems: GraphProblem[] = [];
  const whose = `${message.namespace}/${message.deployment}/${message.predictor}`;
  const ours = `${identity.namespace}/${identity.deployment}/${identity.predictor}`;
  if (whose !== ours) problems.push({ severity: "error", path: "", message: `the graph is ${whose}'s, not ${ours}'s` });
  const draft: DraftGraph = {
    ...identity,
    predictorVersion: message.predictorVersion,
    protocol: PROTOCOLS.get(message.protocol) ?? `number ${message.protocol}`,
    root: message.root ? readNode(message.root, 1, problems) : undefined,
    allowBranches: message.allowBranches,
    allowExplain: message.allowExplain,
    settings: {
      restTimeoutMs: message.settings?.restTimeoutMs ?? 0,
      grpcTimeoutMs: message.settings?.grpcTimeoutMs ?? 0,
      grpcMaxMessageBytes: message.settings?.grpcMaxMessageBytes ?? 0,
      mergesMeta: message.settings?.mergeMeta ?? false,
    },
  };
  const checked = checkGraph(draft);
  const all = [...problems, ...checked.problems];
  return all.some((one) => one.severity === "error") ? refuse(all) : { value: checked.value, problems: all };
}

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [wire.Protocol.PROTOCOL_SELDON, "seldon"],
  [wire.Protocol.PROTOCOL_TENSORFLOW, "tensorflow"],
  [wire.Protocol.PROTOCOL_V2, "v2"],
]);
const TYPES: ReadonlyMap<number, NodeType> = new Map([
  [wire.NodeType.MODEL, "MODEL"],
  [wire.NodeType.ROUTER, "ROUTER"],
  [wire.NodeType.COMBINER, "COMBINER"],
  [wire.NodeType.TRANSFORMER, "TRANSFORMER"],
  [wire.NodeType.OUTPUT_TRANSFORMER, "OUTPUT_TRANSFORMER"],
]);
const BUILTINS: ReadonlyMap<number, Builtin> = new Map([
  [wire.Implementation.SIMPLE_MODEL, "SIMPLE_MODEL"],
  [wire.Implementation.SIMPLE_ROUTER, "SIMPLE_ROUTER"],
  [wire.Implementation.RANDOM_ABTEST, "RANDOM_ABTEST"],
  [wire.Implementation.AVERAGE_COMBINER, "AVERAGE_COMBINER"],
]);
const METHODS: ReadonlyMap<number, NodeMethod> = new Map([
  [wire.Method.TRANSFORM_INPUT, "TRANSFORM_INPUT"],
  [wire.Method.TRANSFORM_OUTPUT, "TRANSFORM_OUTPUT"],
  [wire.Method.ROUTE, "ROUTE"],
  [wire.Method.AGGREGATE, "AGGREGATE"],
  [wire.Method.SEND_FEEDBACK, "SEND_FEEDBACK"],
]);
const TRANSPORTS: ReadonlyMap<number, Transport> = new Map([
  [wire.Transport.REST, "rest"],
  [wire.Transport.GRPC, "grpc"],
]);

function readNode(node: graphway.v1.Node.$Properties, depth: number, problems: GraphProblem[]): DraftNode {
  const name = node.name ?? "";
  const read = <T>(value: number | null | undefined, known: ReadonlyMap<number, T>, field: string): T | undefined => {
    if (value === null || value === undefined || value === 0) return undefined;
    const found = known.get(value);
    if (found === undefined) problems.push({ severity: "error", path: name, message: `${field} ${value} is unknown` });
    return found;
  };
  return {
    name,
    type: read(node.type, TYPES, "type"),
    builtin: read(node.implementation, BUILTINS, "implementation"),
    methods: (node.methods ?? []).flatMap((one) => read(one, METHODS, "method") ?? []),
    endpoint: node.endpoint
      ? readEndpoint(node.endpoint, read(node.endpoint.transport, TRANSPORTS, "transport"))
      : undefined,
    parameters: (node.parameters ?? []).map((one) => ({
      name: one.name ?? "",
      value: one.value ?? "",
      type: one.type ?? "",
    })),
    image: node.image ?? "",
    logger: node.logger ? readLogger(node.logger) : undefined,
    children: depth > MAX_DEPTH ? [] : (node.children ?? []).map((child) => readNode(child, depth + 1, problems)),
  };
}

const LOGGER_MODES: ReadonlyMap<number, string> = new Map([
  [wire.LoggerMode.LOGGER_REQUEST, "request"],
  [wire.LoggerMode.LOGGER_RESPONSE, "response"],
  [wire.LoggerMode.LOGGER_ALL, "all"],
]);

function readLogger(logger: graphway.v1.Logger.$Properties): DraftLogger | undefined {
  const mode = logger.mode ?? 0;
  if (mode === wire.LoggerMode.LOGGER_OFF) return undefined;
  return { mode: LOGGER_MODES.get(mode) ?? String(mode), url: logger.url ?? "" };
}

function readEndpoint(endpoint: graphway.v1.Endpoint.$Properties, transport: Transport | undefined): DraftEndpoint {
  return {
    host: endpoint.host ?? "",
    httpPort: endpoint.httpPort ?? 0,
    grpcPort: endpoint.grpcPort ?? 0,
    servicePort: endpoint.servicePort ?? 0,
    transport,
  };
}

function refuse(problems: readonly GraphProblem[]): CheckedGraph {
  return { value: undefined, problems };
}
