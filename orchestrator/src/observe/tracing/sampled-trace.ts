import type { CallError } from "../../execute/call-error.ts";
import type { CallTrace, RequestEnd, RequestTrace, TracedCall } from "../../execute/request-trace.ts";
import type { Graph, GraphNode, Transport } from "../../graph/graph.ts";
import { callAttributes, callFailed, requestAttributes, requestFailed, type UrlScheme } from "./attributes.ts";
import { shapeOf, type GraphShape } from "./graph-shape.ts";
import { newSpanId } from "./ids.ts";
import type { IncomingTrace } from "./propagation.ts";
import { failSpan, type AttributeValue, type Span, type SpanKind } from "./span.ts";
import type { TraceHeaders } from "./trace-headers.ts";

/** A request as its span begins. */
export interface TracedRequest {
  readonly graph: Graph;
  readonly transport: Transport;
  /** The span's name: predictions, feedback, status, metadata, or a full gRPC method. */
  readonly service: string;
  /** Path of the URL without its query, or the full gRPC method. */
  readonly path: string;
  /** HTTP method in upper case. */
  readonly method: "GET" | "POST";
  readonly puid: string;
  readonly isShadow: boolean;
  /** Headers as nodes may see them: name, value, … */
  readonly pairs: readonly string[];
  /** Branches taken, filled while walking. */
  readonly routing: ReadonlyMap<string, number>;
  /** performance.now() when it came. */
  readonly startedMs: number;
}

/** Whether clients, and nodes, are spoken to with TLS. */
export interface Schemes {
  readonly server: UrlScheme;
  readonly nodes: UrlScheme;
}

/** Spans of one request: its own, one for each visit of a node and one for each call. */
export class SampledTrace implements RequestTrace {
  readonly traceId: string;
  readonly isSampled = true;
  readonly #request: TracedRequest;
  readonly #shape: GraphShape;
  readonly #traceState: string;
  readonly #schemes: Schemes;
  readonly #headers: TraceHeaders;
  readonly #ended: (span: Span) => void;
  readonly #server: Span;
  /** By node index. */
  readonly #visits: (Span | undefined)[] = [];

  constructor(
    request: TracedRequest,
    traceId: string,
    incoming: IncomingTrace,
    headers: TraceHeaders,
    schemes: Schemes,
    ended: (span: Span) => void,
  ) {
    this.#request = request;
    this.#schemes = schemes;
    this.#shape = shapeOf(request.graph);
    this.traceId = traceId;
    this.#traceState = incoming.traceState;
    this.#headers = headers;
    this.#ended = ended;
    const attributes = requestAttributes(request, schemes.server);
    const parentSpanId = incoming.parent?.spanId ?? "";
    this.#server = this.#begin(request.service, "server", parentSpanId, attributes, request.startedMs, true);
  }

  enter(node: GraphNode): void {
    if (this.#shape.hasVisitSpan[node.index] !== true) return;
    const attributes = { "graphway.node": node.name };
    this.#visits[node.index] = this.#begin(node.name, "internal", this.#above(node), attributes);
  }

  leave(node: GraphNode, failure?: CallError): void {
    const span = this.#visits[node.index];
    if (span === undefined) return;
    const branch = node.choice === "all" ? undefined : this.#request.routing.get(node.name);
    if (branch !== undefined) span.attributes["graphway.branch"] = branch;
    if (failure !== undefined) {
      span.attributes["error.type"] = failure.fault;
      failSpan(span, failure.message);
    }
    this.#end(span);
  }

  beginCall(call: TracedCall): CallTrace {
    const parent = this.#visits[call.node.index]?.spanId ?? this.#above(call.node);
    const span = this.#begin(call.service, "client", parent, callAttributes(call, this.#schemes.nodes));
    return {
      headers: (pairs) =>
        this.#headers.with(pairs, {
          traceId: this.traceId,
          spanId: span.spanId,
          isSampled: true,
          isDebug: this.#headers.isDebug,
        }),
      end: (code, failure) => {
        callFailed(span, call.transport, code, failure);
        this.#end(span);
      },
    };
  }

  end({ code, failure }: RequestEnd): void {
    requestFailed(this.#server, this.#request.transport, code, failure);
    this.#end(this.#server);
  }

  /** The span that a visit of the node stands below. */
  #above(node: GraphNode): string {
    const parent = this.#shape.parents[node.index] ?? -1;
    return (this.#visits[parent] ?? this.#server).spanId;
  }

  #begin(
    name: string,
    kind: SpanKind,
    parentSpanId: string,
    attributes: Record<string, AttributeValue>,
    startMs = performance.now(),
    hasRemoteParent = false,
  ): Span {
    return {
      traceId: this.traceId,
      spanId: newSpanId(),
      parentSpanId,
      hasRemoteParent,
      traceState: this.#traceState,
      name,
      kind,
      startMs,
      endMs: startMs,
      attributes,
      error: undefined,
    };
  }

  #end(span: Span): void {
    span.endMs = performance.now();
    this.#ended(span);
  }
}
