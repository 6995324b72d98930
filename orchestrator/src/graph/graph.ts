/** The graph of one predictor, checked and frozen: what a request walks. */
export interface Graph {
  readonly namespace: string;
  readonly deployment: string;
  readonly predictor: string;
  /** Label `version` of the predictor; may be empty. */
  readonly predictorVersion: string;
  readonly protocol: Protocol;
  readonly root: GraphNode;
  /** Every node, parents before children. */
  readonly nodes: readonly GraphNode[];
  readonly byName: ReadonlyMap<string, GraphNode>;
  /** Whether `x-graphway-branch` is obeyed. */
  readonly allowBranches: boolean;
  /** Whether a request with `x-graphway-decision` is answered with `x-graphway-path`. */
  readonly allowExplain: boolean;
  /** Whether any node has a logger. */
  readonly logsPayloads: boolean;
  readonly settings: GraphSettings;
}

/** What clients and nodes speak; every node of a graph speaks the same. */
export type Protocol = "seldon" | "tensorflow" | "v2";

const PROTOCOLS: readonly Protocol[] = ["seldon", "tensorflow", "v2"];

/** The protocol of a name; `kfserving` is V2's older one. */
export function protocolNamed(name: string): Protocol | undefined {
  const known = name === "kfserving" ? "v2" : name;
  return PROTOCOLS.find((one) => one === known);
}

/** Limits are per node call, 0 means: not set here. */
export interface GraphSettings {
  readonly restTimeoutMs: number;
  readonly grpcTimeoutMs: number;
  readonly grpcMaxMessageBytes: number;
  /** Whether the answer's `meta` says what every node said in its own. */
  readonly mergesMeta: boolean;
}

export type NodeType = "MODEL" | "ROUTER" | "COMBINER" | "TRANSFORMER" | "OUTPUT_TRANSFORMER";
export type NodeMethod = "TRANSFORM_INPUT" | "TRANSFORM_OUTPUT" | "ROUTE" | "AGGREGATE" | "SEND_FEEDBACK";
export type Transport = "rest" | "grpc";

/** One node with what it does at each stage of a request already worked out from type, methods and implementation. */
export interface GraphNode {
  readonly name: string;
  /** Position in `Graph.nodes`. */
  readonly index: number;
  readonly type: NodeType | undefined;
  readonly runs: ContainerRun | BuiltinRun;
  readonly parameters: readonly NodeParameter[];
  /** Container image, for metrics; may be empty. */
  readonly image: string;
  readonly children: readonly GraphNode[];
  /** First stage: what the node makes of the request. */
  readonly input: "none" | "predict" | "transform-input";
  /** Second stage: which children go on. */
  readonly choice: "all" | "route" | "abtest" | "simple-router";
  /** Third stage: what becomes of the children's answers. */
  readonly gather: "first" | "aggregate";
  /** Last stage: whether the result is transformed. */
  readonly transformsOutput: boolean;
  /** Whether feedback is sent to the node itself. */
  readonly takesFeedback: boolean;
  /** What becomes of the node's parent, which aggregates, when this branch fails. */
  readonly onError: OnError;
  /** How many branches must have answered before the node aggregates; 0: any that is left. */
  readonly minReady: number;
  /** Absent: the node's payloads are not logged. */
  readonly logger: NodeLogger | undefined;
}

/** All fails with the branch; the branch is left out; or a message in JSON stands in for its answer. */
export type OnError =
  { readonly kind: "fail" } | { readonly kind: "skip" } | { readonly kind: "default"; readonly json: Buffer };

/** What of a node is logged, and where to (Seldon's `logger`). */
export interface NodeLogger {
  readonly requests: boolean;
  /** Responses, and feedback with them. */
  readonly responses: boolean;
  /** http or https; empty: the orchestrator's default. */
  readonly url: string;
}

/** A node in a container of its own, reached over the network. */
export interface ContainerRun {
  readonly in: "container";
  readonly endpoint: NodeEndpoint;
}

/** A node that the orchestrator answers itself. */
export interface BuiltinRun {
  readonly in: "builtin";
  readonly implementation: Builtin;
}

export type Builtin = "SIMPLE_MODEL" | "SIMPLE_ROUTER" | "RANDOM_ABTEST" | "AVERAGE_COMBINER";

export interface NodeEndpoint {
  readonly host: string;
  /** 0 where the node has no such port. */
  readonly httpPort: number;
  readonly grpcPort: number;
  /** The port that readiness connects to. */
  readonly servicePort: number;
  /** Absent: the node is called the way the client called the graph. */
  readonly transport: Transport | undefined;
}

export interface NodeParameter {
  readonly name: string;
  readonly value: string;
  readonly type: string;
}

/** What is wrong with a graph: where (a path of node names), and what to do. */
export interface GraphProblem {
  readonly severity: "error" | "warning";
  readonly path: string;
  readonly message: string;
}

/** A graph, or none when any problem is an error. */
export interface CheckedGraph {
  readonly value: Graph | undefined;
  readonly problems: readonly GraphProblem[];
}

/** The problems as one line of text. */
export function describeProblems(problems: readonly GraphProblem[]): string {
  return problems.map((one) => (one.path === "" ? one.message : `${one.path}: ${one.message}`)).join("; ");
}

/** True for -1 (all), -2 (none) and every index of a child. */
export function isBranch(node: GraphNode, route: number): boolean {
  return Number.isInteger(route) && route >= -2 && route < node.children.length;
}
