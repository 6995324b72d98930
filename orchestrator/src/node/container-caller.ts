import { asCallError, CallError, nodeCallError } from "../execute/call-error.ts";
import { grpcPayload, type GrpcPayload, type Payload, type RestPayload } from "../execute/payload.ts";
import type { NodeCaller, NodeHeaders, NodeRequest, Operation, Run } from "../execute/run.ts";
import { Scope } from "../execute/scope.ts";
import type { TakeStream } from "../execute/streamed-reply.ts";
import type { Graph, GraphNode, Transport } from "../graph/graph.ts";
import type { ClientMetrics } from "../observe/client-metrics.ts";
import type { NodePool } from "../observe/metrics.ts";
import type { CallTrace } from "../execute/request-trace.ts";
import { modelRefOf, ownModelName } from "../protocol/model-names.ts";
import type { ModelRef, NodeProtocol } from "../protocol/protocol.ts";
import { protocolOf } from "../protocol/protocols.ts";
import type { Endpoints } from "./endpoints.ts";
import { callGrpcNode } from "./grpc/grpc-node.ts";
import type { NodeStream } from "./grpc/node-stream.ts";
import { NodeInputs } from "./node-inputs.ts";
import { NodeLeases } from "./node-leases.ts";
import { getFromNode, postToNode } from "./rest/rest-node.ts";
import { isBinaryAggregate, isUnknownPath, StandIns } from "./stand-ins.ts";

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
  readonly #standIns: StandIns;
  readonly #inputs: NodeInputs;
  readonly #leases: NodeLeases;

  constructor(graph: Graph, endpoints: Endpoints, timeouts: NodeTimeouts, metrics: ClientMetrics) {
    this.maxReplyBytes = endpoints.maxReplyBytes;
    this.#protocol = protocolOf(graph);
    this.#standIns = new StandIns(this.#protocol);
    this.#inputs = new NodeInputs(this.#protocol, this.maxReplyBytes);
    this.#timeouts = timeouts;
    this.#metrics = metrics;
    this.#leases = new NodeLeases(graph, endpoints);
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
    const service = this.#serviceOf(node, operation, transport);
    const startedMs = performance.now();
    const scope = this.#scopeOf(request, transport);
    const trace = run.trace?.beginCall({ node, operation, transport, service, method: "POST" });
    const headers = trace === undefined ? run.headers : tracedHeaders(run.headers, trace);
    let code = transport === "rest" ? "200" : "OK";
    let failure: CallError | undefined;
    try {
      return transport === "rest"
        ? await this.#post(request, headers, scope)
        : await this.#unary(request, headers, scope);
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

  /** What metrics call a node's operation: its path or full method, under the node's own model name. */
  #serviceOf(node: GraphNode, operation: Operation, transport: Transport): string {
    if (transport === "grpc") return this.#protocol.grpc.method(operation);
    const asked = this.#standIns.isKnown(node, operation) ? "predict" : operation;
    return this.#protocol.rest.path(asked, { name: ownModelName(node), version: "" });
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

  /** Asks for the operation; where the node does not know it, and `predict` can stand in for it, for that. */
  #post(request: NodeRequest, headers: NodeHeaders, scope: Scope): Promise<RestPayload> {
    const { operation } = request;
    if (!this.#standIns.isPossible(operation)) return this.#postAs(operation, request, headers, scope);
    return this.#postOrStandIn(request, headers, scope);
  }

  async #postOrStandIn(request: NodeRequest, headers: NodeHeaders, scope: Scope): Promise<RestPayload> {
    const { node, operation } = request;
    const asking = { ...request, payloads: await this.#inputs.inForm<RestPayload>(request, "rest") };
    const isBinary = isBinaryAggregate(operation, asking.payloads);
    if (!this.#standIns.isKnown(node, operation) && !isBinary) {
      try {
        return await this.#postAs(operation, asking, headers, scope);
      } catch (error) {
        if (!isUnknownPath(error)) throw error;
      }
    }
    const reply = await this.#postAs("predict", asking, headers, scope);
    if (!isBinary) this.#standIns.add(node, operation);
    return reply;
  }

  async #postAs(asked: Operation, request: NodeRequest, headers: NodeHeaders, scope: Scope): Promise<RestPayload> {
    const { node, run } = request;
    const { rest } = this.#protocol;
    const lease = this.#leases.http[node.index];
    if (lease === undefined) throw new CallError("internal", `node ${node.name} has no HTTP port`);
    const payload = await this.#inputs.rest(asked, request).catch(neverAsked);
    const { puid } = run;
    const path = rest.path(asked, modelRefOf(run.graph, node, run));
    const answersClient = request.answersClient && run.calledBy === "rest";
    const take = answersClient ? takerOf(run, node) : undefined;
    // A reward counts each time it comes.
    const mayRepeat = asked !== "send-feedback";
    const asking = { node: node.name, path, payload, headers, puid, answersClient, mayRepeat, take };
    return postToNode(lease.resource, asking, scope);
  }

  async #unary(request: NodeRequest, headers: NodeHeaders, scope: Scope): Promise<GrpcPayload> {
    const { node, operation, run } = request;
    const lease = this.#leases.grpc[node.index];
    if (lease === undefined) throw new CallError("internal", `node ${node.name} has no gRPC port`);
    const payload = await this.#inputs.grpc(request).catch(neverAsked);
    const method = this.#protocol.grpc.method(operation);
    return callGrpcNode(lease.resource, method, payload, headers, run.puid, scope);
  }
}

/** Failures before a node was asked: what it was to get could not be made. Its metrics have no such call. */
const NEVER_ASKED = new WeakSet<CallError>();

function neverAsked(error: unknown): never {
  const failure = asCallError(error);
  NEVER_ASKED.add(failure);
  throw failure;
}

function wasAsked(failure: CallError | undefined): boolean {
  return failure === undefined || !NEVER_ASKED.has(failure);
}

function tracedHeaders(headers: NodeHeaders, trace: CallTrace): NodeHeaders {
  return { ...headers, pairs: trace.headers(headers.pairs) };
}

/** Takes the graph's answer as it arrives. Its head goes out before the walk notes the node's branch, so that is done here. */
function takerOf(run: Run, node: GraphNode): TakeStream | undefined {
  const { takeStream, routing } = run;
  if (takeStream === undefined) return undefined;
  return (reply) => {
    if (!routing.has(node.name)) routing.set(node.name, -1);
    return takeStream(reply);
  };
}

/** The transport a node is called by: its own, else the client's, else the only one it has a port for. */
export function transportOf(node: GraphNode, calledBy: Transport): Transport {
  if (node.runs.in === "builtin") return calledBy;
  const { transport, httpPort, grpcPort } = node.runs.endpoint;
  if (transport !== undefined) return transport;
  if (calledBy === "rest") return httpPort === 0 ? "grpc" : "rest";
  return grpcPort === 0 ? "rest" : "grpc";
}
