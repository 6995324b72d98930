import type { Graph, GraphNode, Transport } from "../graph/graph.ts";
import type { AnswerMeta } from "./answer-meta.ts";
import type { RequestTrace } from "./request-trace.ts";
import type { Operation } from "./operation.ts";
import type { Payload } from "./payload.ts";
import type { Scope } from "./scope.ts";
import type { TakeStream } from "./streamed-reply.ts";

export type { Operation };

/** Calls nodes that live in containers; one per graph version. */
export interface NodeCaller {
  /** What a reply may grow to, on the wire or when it is inflated to be read. */
  readonly maxReplyBytes: number;
  /**
   * Calls a node. `aggregate` takes one payload per child, everything else exactly one.
   * Throws CallError only.
   */
  call(request: NodeRequest): Promise<Payload>;
}

export interface NodeRequest {
  readonly node: GraphNode;
  readonly operation: Operation;
  readonly payloads: readonly Payload[];
  readonly run: Run;
  readonly scope: Scope;
  /** For `aggregate`: the children whose answers the payloads are, in the same order. */
  readonly from?: readonly GraphNode[];
  /** Whether the reply is the graph's answer, so that the client's own wishes about encoding hold. */
  readonly answersClient: boolean;
}

/** One request on its way through the graph. */
export interface Run {
  readonly graph: Graph;
  readonly caller: NodeCaller;
  /** How the client called the graph. */
  readonly calledBy: Transport;
  readonly puid: string;
  /** The model that the URL or the message named; empty when none was. */
  readonly modelName: string;
  /** Its version; empty when none was named. */
  readonly modelVersion: string;
  readonly headers: NodeHeaders;
  /** Forced branches by node name; empty unless the graph allows them. */
  readonly forced: ReadonlyMap<string, number>;
  /** Branch taken per node: -1 all, -2 none, else the child's index. Filled while walking. */
  readonly routing: Map<string, number>;
  /** Calls in the order they ended; absent when nobody asked. */
  readonly path: PathStep[] | undefined;
  /** Random numbers in [0, 1) for A/B tests. */
  readonly random: () => number;
  /** A copy of a live request: nobody bills, learns from or alerts on it. */
  readonly isShadow: boolean;
  /** What becomes of `meta` in the answer. */
  readonly meta: AnswerMeta;
  /** Where the payloads of nodes with a logger go; absent when no node has one or the client asked for none. */
  readonly log?: RunLog | undefined;
  /**
   * Takes a long answer of the graph as it arrives, where no later step needs its body. Only a call that answers the
   * client may give it one.
   */
  readonly takeStream?: TakeStream | undefined;
  /** The spans of the request; absent when it is not traced. */
  readonly trace?: RequestTrace | undefined;
}

/** Logs what nodes are given and what they answer. Says nothing of nodes without a logger; never throws or waits. */
export interface RunLog {
  /** What a node was given first. */
  given(node: GraphNode, payload: Payload): void;
  /** What a node's first stage answered. */
  processed(node: GraphNode, payload: Payload): void;
  /** What a node, or the part of the graph below it, answered at last. */
  answered(node: GraphNode, payload: Payload): void;
  /** The feedback that a node was handed. */
  feedback(node: GraphNode, payload: Payload): void;
}

/** What nodes see of the client's headers: names lower case, without those that belong to one hop or to us. */
export interface NodeHeaders {
  /** Name, value, name, value, … */
  readonly pairs: readonly string[];
  /** The client's Accept-Encoding; empty when it sent none. */
  readonly acceptEncoding: string;
  /** The spans of a request that no walk answers; those of a walk are the run's. */
  readonly trace?: RequestTrace;
}

/** One step of a walk: a call, a choice made without one, or a branch that failed and was left out or replaced. */
export interface PathStep {
  readonly node: string;
  readonly operation: Operation | "forced" | "abtest" | "simple-router" | "skip" | "default";
  /** The branch that a choice took. */
  readonly branch?: number;
  readonly durationMs: number;
}
