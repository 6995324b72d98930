import type { Graph, GraphNode, Transport } from "../graph/graph.ts";
import type { Payload } from "./payload.ts";
import type { Scope } from "./scope.ts";

/** What a node can be asked for. */
export type Operation = "predict" | "transform-input" | "transform-output" | "route" | "aggregate" | "send-feedback";

/** Calls nodes that live in containers; one per graph version. */
export interface NodeCaller {
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
  readonly headers: NodeHeaders;
  /** Forced branches by node name; empty unless the graph allows them. */
  readonly forced: ReadonlyMap<string, number>;
  /** Branch taken per node: -1 all, -2 none, else the child's index. Filled while walking. */
  readonly routing: Map<string, number>;
  /** Calls in the order they ended; absent when nobody asked. */
  readonly path: PathStep[] | undefined;
  /** Random numbers in [0, 1) for A/B tests. */
  readonly random: () => number;
}

/** What nodes see of the client's headers: names lower case, without those that belong to one hop or to us. */
export interface NodeHeaders {
  /** Name, value, name, value, … */
  readonly pairs: readonly string[];
  /** The client's Accept-Encoding; empty when it sent none. */
  readonly acceptEncoding: string;
}

export interface PathStep {
  readonly node: string;
  readonly operation: Operation;
  readonly durationMs: number;
}
