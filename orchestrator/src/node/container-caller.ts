import { CallError, nodeCallError } from "../execute/call-error.ts";
import { grpcPayload, type Payload, type RestPayload } from "../execute/payload.ts";
import type { NodeCaller, NodeHeaders, NodeRequest, Run } from "../execute/run.ts";
import { Scope } from "../execute/scope.ts";
import type { Graph, GraphNode, Transport } from "../graph/graph.ts";
import type { ClientMetrics } from "../observe/client-metrics.ts";
import type { NodePool } from "../observe/metrics.ts";
import type { CallTrace } from "../execute/request-trace.ts";
import { ownModelName } from "../protocol/model-names.ts";
import type { ModelRef, NodeProtocol } from "../protocol/protocol.ts";
import { protocolOf } from "../protocol/protocols.ts";
import { AskNode, wasAsked } from "./ask-node.ts";
import type { Endpoints } from "./endpoints.ts";
import { callGrpcNode } from "./grpc/grpc-node.ts";
import type { NodeStream } from "./grpc/node-stream.ts";
import { NodeLeases } from "./node-leases.ts";
import { getFromNode } from "./rest/rest-node.ts";

/** Milliseconds per node call; 0 is none. */
export interface NodeTimeouts {
  readonly restTimeoutMs: number;
  readonly grpcTimeoutMs: number;
}

/** Calls the containers of one graph version, each over the transport it speaks. */
export class ContainerCaller implements NodeCaller {
  readonly maxReplyBytes: number;
  readonly #protocol: NodeProtocol;
  readonly #timeouts: NodeTimeouts;
  readonly #metrics: ClientMetrics;
  readonly #leases: NodeLeases;
  readonly #ask: AskNode;

  constructor(graph: Graph, endpoints: Endpoints, timeouts: NodeTimeouts, metrics: ClientMetrics) {
    this.maxReplyBytes = endpoints.maxReplyBytes;
    this.#protocol = protocolOf(graph);
    this.#timeouts = timeouts;
    this.#metrics = metrics;
    this.#leases = new NodeLeases(graph, endpoints);
    this.#ask = new AskNode(this.#protocol, this.#leases, this.maxReplyBytes);
  }

  /** How much of each node is used at this moment. */
  pools(): NodePool[] {
    return this.#leases.pools();
  }

  /** Lets go of the connections; call it when no request uses this graph version any more. */
  release(): void {
    this.#leases.release();
  }

  async call(request: NodeRequest): Promise<Payload> {
    const { node, run, operation } = request;
    const transport = transportOf(node, run.calledBy);
    const service = this.#ask.serviceOf(node, operation, transport);
    const startedMs = performance.now();
    const scope = this.#scopeOf(request, transport);
    const trace = run.trace?.beginCall({ node, operation, transport, service, method: "POST" });
    const headers = trace === undefined ? run.headers : tracedHeaders(run.headers, trace);
    let code = transport === "rest" ? "200" : "OK";
    let failure: CallError | undefined;
    try {
      return transport === "rest"
        ? await this.#ask.post(request, headers, scope)
        : await this.#ask.unary(request, headers, scope);
    } catch (error) {
      failure = nodeCallError(node.name, error);
      code = transport === "rest" ? String(failure.httpStatus) : this.#metrics.grpcCodeName(failure.grpcCode);
      throw failure;
    } finally {
      trace?.end(code, failure);
      if (scope !== request.scope) scope.end();
      const endedMs = performance.now();
      const durationMs = endedMs - startedMs;
      const method = transport === "rest" ? "post" : "unary";
      if (wasAsked(failure)) this.#metrics.observe(node, service, method, code, durationMs / 1000, endedMs);
      run.path?.push({ node: node.name, operation, durationMs });
    }
  }

  /** A node that speaks REST about itself; `model` is what to call it by. */
  async get(
    node: GraphNode,
    question: "status" | "metadata",
    model: ModelRef,
    run: Pick<Run, "headers" | "puid">,
    scope: Scope,
  ): Promise<RestPayload> {
    const lease = this.#leases.http[node.index];
    if (lease === undefined) throw new CallError("bad-request", `node ${node.name} has no HTTP port`);
    const { statusPath, metadataPath } = this.#protocol.rest;
    const pathOf = question === "status" ? statusPath : metadataPath;
    const path = pathOf(model);
    // Metrics have the node's own name: a client's could be any.
    const service = pathOf({ name: ownModelName(node), version: "" });
    return this.#measured(node, service, "get", run.headers, (headers) =>
      getFromNode(lease.resource, { node: node.name, path, headers, puid: run.puid }, scope),
    );
  }

  /** An encoded SeldonModelMetadata of a node that speaks gRPC. */
  grpcMetadata(node: GraphNode, headers: NodeHeaders, puid: string, scope: Scope): Promise<Buffer> {
    return this.callMethod(node, this.#protocol.grpc.metadataMethod, Buffer.alloc(0), { headers, puid }, scope);
  }

  /** Any unary method of a node that speaks gRPC, message and reply as they are. Throws CallError. */
  async callMethod(
    node: GraphNode,
    fullMethod: string,
    message: Buffer,
    run: Pick<Run, "headers" | "puid">,
    scope: Scope,
  ): Promise<Buffer> {
    const lease = this.#leases.grpc[node.index];
    if (lease === undefined) throw new CallError("bad-request", `node ${node.name} has no gRPC port`);
    const call = (sent: NodeHeaders) =>
      callGrpcNode(lease.resource, fullMethod, grpcPayload(message), sent, run.puid, scope);
    return (await this.#measured(node, fullMethod, "unary", run.headers, call)).body;
  }

  /** A method of a node that speaks gRPC and answers with a stream of messages. Throws CallError. */
  async openStream(
    node: GraphNode,
    fullMethod: string,
    message: Buffer,
    run: Pick<Run, "headers" | "puid" | "trace">,
    scope: Scope,
  ): Promise<NodeStream> {
    const lease = this.#leases.grpc[node.index];
    if (lease === undefined) throw new CallError("bad-request", `node ${node.name} has no gRPC port`);
    const startedMs = performance.now();
    const call = { node, operation: "predict", transport: "grpc", service: fullMethod, method: "POST" } as const;
    const trace = run.trace?.beginCall(call);
    const { pairs } = trace === undefined ? run.headers : tracedHeaders(run.headers, trace);
    const over = (failure: CallError | undefined): void => {
      const code = this.#metrics.grpcCodeName(failure?.grpcCode ?? 0);
      trace?.end(code, failure);
      this.#metrics.observe(node, fullMethod, "server_stream", code, (performance.now() - startedMs) / 1000);
    };
    try {
      const stream = await lease.resource.stream(fullMethod, message, [...pairs, "seldon-puid", run.puid], scope);
      stream.whenOver(over);
      return stream;
    } catch (error) {
      const failure = nodeCallError(node.name, error);
      over(failure);
      throw failure;
    }
  }

  /** Counts and traces a call that belongs to no walk. */
  async #measured<T>(
    node: GraphNode,
    service: string,
    method: "get" | "unary",
    headers: NodeHeaders,
    call: (headers: NodeHeaders) => Promise<T>,
  ): Promise<T> {
    const startedMs = performance.now();
    const transport = method === "get" ? "rest" : "grpc";
    const trace = headers.trace?.beginCall({ node, operation: "about", transport, service, method: "GET" });
    let code = method === "get" ? "200" : "OK";
    let failure: CallError | undefined;
    try {
      return await call(trace === undefined ? headers : tracedHeaders(headers, trace));
    } catch (error) {
      failure = nodeCallError(node.name, error);
      code = method === "get" ? String(failure.httpStatus) : this.#metrics.grpcCodeName(failure.grpcCode);
      throw failure;
    } finally {
      trace?.end(code, failure);
      this.#metrics.observe(node, service, method, code, (performance.now() - startedMs) / 1000);
    }
  }

  #scopeOf(request: NodeRequest, transport: Transport): Scope {
    const timeoutMs = transport === "rest" ? this.#timeouts.restTimeoutMs : this.#timeouts.grpcTimeoutMs;
    if (timeoutMs === 0) return request.scope;
    const late = `node ${request.node.name} took longer than ${timeoutMs} ms`;
    return new Scope(performance.now() + timeoutMs, request.scope, late);
  }
}

function tracedHeaders(headers: NodeHeaders, trace: CallTrace): NodeHeaders {
  return { ...headers, pairs: trace.headers(headers.pairs) };
}

/** The transport a node is called by: its own, else the client's, else the only one it has a port for. */
export function transportOf(node: GraphNode, calledBy: Transport): Transport {
  if (node.runs.in === "builtin") return calledBy;
  const { transport, httpPort, grpcPort } = node.runs.endpoint;
  if (transport !== undefined) return transport;
  if (calledBy === "rest") return httpPort === 0 ? "grpc" : "rest";
  return grpcPort === 0 ? "rest" : "grpc";
}
