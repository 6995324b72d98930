import type { CallError } from "./call-error.ts";
import type { GraphNode, Transport } from "../graph/graph.ts";

/** The spans of one request: what the walk and the node calls tell, and what nodes are told. Absent: not traced. */
export interface RequestTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  readonly isSampled: boolean;
  /** The walk comes to a node. Pair with `leave`. */
  enter(node: GraphNode): void;
  /** The walk is done with a node and what is below it; `failure` is why it has no result. */
  leave(node: GraphNode, failure?: CallError): void;
  /** A call to a node begins. End what is returned. */
  beginCall(call: TracedCall): CallTrace;
  /** The request has been answered, or given up. */
  end(end: RequestEnd): void;
}

/** One call to a node. */
export interface TracedCall {
  readonly node: GraphNode;
  readonly operation: string;
  readonly transport: Transport;
  /** HTTP path, or full gRPC method with its leading slash; the span's name. */
  readonly service: string;
  /** HTTP method in upper case; unused over gRPC. */
  readonly method: "GET" | "POST";
}

export interface CallTrace {
  /** What the node is sent instead of `pairs`: the same headers, with this call's span as their trace context. */
  headers(pairs: readonly string[]): readonly string[];
  /** `code` is the HTTP status, or the gRPC code's name. */
  end(code: string, failure: CallError | undefined): void;
}

/** What the client got: the HTTP status, or the gRPC code's name; and why, where it failed. */
export interface RequestEnd {
  readonly code: string;
  readonly failure: CallError | undefined;
}
