import { convertPayload, convertReply } from "../codec/convert.ts";
import { joinJson, joinMessages } from "../codec/message-list.ts";
import { asCallError, CallError } from "../execute/call-error.ts";
import type { GrpcPayload, Payload, RestPayload } from "../execute/payload.ts";
import type { NodeCaller, NodeHeaders, NodeRequest } from "../execute/run.ts";
import { Scope } from "../execute/scope.ts";
import type { Graph, GraphNode, Transport } from "../graph/graph.ts";
import type { ClientMetrics } from "../observe/client-metrics.ts";
import type { Endpoints, Lease } from "./endpoints.ts";
import { callGrpcNode, GRPC_METHODS, METADATA_METHOD } from "./grpc/grpc-node.ts";
import type { UnaryClient } from "./grpc/unary-client.ts";
import type { HttpTransport } from "./rest/http-transport.ts";
import { getFromNode, postToNode, REST_PATHS } from "./rest/rest-node.ts";

/** Milliseconds per node call; 0 is none. */
export interface NodeTimeouts {
  readonly restTimeoutMs: number;
  readonly grpcTimeoutMs: number;
}

/** Calls the containers of one graph version, each over the transport it speaks. */
export class ContainerCaller implements NodeCaller {
  readonly #timeouts: NodeTimeouts;
  readonly #metrics: ClientMetrics;
  readonly #http: (Lease<HttpTransport> | undefined)[];
  readonly #grpc: (Lease<UnaryClient> | undefined)[];

  constructor(
    graph: Graph,
    endpoints: Endpoints,
    timeouts: NodeTimeouts,
    maxMessageBytes: number,
    metrics: ClientMetrics,
  ) {
    this.#timeouts = timeouts;
    this.#metrics = metrics;
    const endpointOf = (node: GraphNode) => (node.runs.in === "container" ? node.runs.endpoint : undefined);
    this.#http = graph.nodes.map((node) => {
      const at = endpointOf(node);
      return at !== undefined && at.httpPort !== 0 ? endpoints.holdHttp(at.host, at.httpPort) : undefined;
    });
    this.#grpc = graph.nodes.map((node) => {
      const at = endpointOf(node);
      return at !== undefined && at.grpcPort !== 0
        ? endpoints.holdGrpc(at.host, at.grpcPort, maxMessageBytes)
        : undefined;
    });
  }

  /** Lets go of the connections; call it when no request uses this graph version any more. */
  release(): void {
    for (const lease of [...this.#http, ...this.#grpc]) lease?.release();
  }

  async call(request: NodeRequest): Promise<Payload> {
    const { node, run, operation } = request;
    const transport = transportOf(node, run.calledBy);
    const service = transport === "rest" ? REST_PATHS[operation] : GRPC_METHODS[operation];
    const startedMs = performance.now();
    const scope = this.#scopeOf(request, transport);
    let code = transport === "rest" ? "200" : "OK";
    try {
      return transport === "rest" ? await this.#post(request, scope) : await this.#unary(request, scope);
    } catch (error) {
      const failure = asCallError(error);
      code = transport === "rest" ? String(failure.httpStatus) : this.#metrics.grpcCodeName(failure.grpcCode);
      throw failure;
    } finally {
      if (scope !== request.scope) scope.end();
      const durationMs = performance.now() - startedMs;
      this.#metrics.observe(node, service, transport === "rest" ? "post" : "unary", code, durationMs / 1000);
      run.path?.push({ node: node.name, operation, durationMs });
    }
  }

  /** GET `/health/status` or `/metadata` of a node that speaks REST. */
  async get(node: GraphNode, path: string, headers: NodeHeaders, scope: Scope): Promise<RestPayload> {
    const lease = this.#http[node.index];
    if (lease === undefined) throw new CallError("bad-request", `node ${node.name} has no HTTP port`);
    return getFromNode(lease.resource, node.name, path, headers, scope);
  }

  /** An encoded SeldonModelMetadata of a node that speaks gRPC. */
  async grpcMetadata(node: GraphNode, headers: NodeHeaders, puid: string, scope: Scope): Promise<Buffer> {
    const lease = this.#grpc[node.index];
    if (lease === undefined) throw new CallError("bad-request", `node ${node.name} has no gRPC port`);
    const empty: GrpcPayload = { transport: "grpc", body: Buffer.alloc(0) };
    return (await callGrpcNode(lease.resource, METADATA_METHOD, empty, headers, puid, scope)).body;
  }

  #scopeOf(request: NodeRequest, transport: Transport): Scope {
    const timeoutMs = transport === "rest" ? this.#timeouts.restTimeoutMs : this.#timeouts.grpcTimeoutMs;
    if (timeoutMs === 0) return request.scope;
    const late = `node ${request.node.name} took longer than ${timeoutMs} ms`;
    return new Scope(performance.now() + timeoutMs, request.scope, late);
  }

  async #post(request: NodeRequest, scope: Scope): Promise<RestPayload> {
    const { node, operation, run } = request;
    const payloads = await inForm<RestPayload>(request, "rest");
    const lease = this.#http[node.index];
    if (lease === undefined) throw new CallError("internal", `node ${node.name} has no HTTP port`);
    const payload = operation === "aggregate" ? joinJson(payloads) : single(payloads);
    const { headers, puid } = run;
    const path = REST_PATHS[operation];
    const answersClient = request.answersClient && run.calledBy === "rest";
    return postToNode(lease.resource, { node: node.name, path, payload, headers, puid, answersClient }, scope);
  }

  async #unary(request: NodeRequest, scope: Scope): Promise<GrpcPayload> {
    const { node, operation, run } = request;
    const payloads = await inForm<GrpcPayload>(request, "grpc");
    const lease = this.#grpc[node.index];
    if (lease === undefined) throw new CallError("internal", `node ${node.name} has no gRPC port`);
    const payload = operation === "aggregate" ? joinMessages(payloads) : single(payloads);
    return callGrpcNode(lease.resource, GRPC_METHODS[operation], payload, run.headers, run.puid, scope);
  }
}

/** The transport a node is called by: its own, else the client's, else the only one it has a port for. */
export function transportOf(node: GraphNode, calledBy: Transport): Transport {
  if (node.runs.in === "builtin") return calledBy;
  const { transport, httpPort, grpcPort } = node.runs.endpoint;
  if (transport !== undefined) return transport;
  if (calledBy === "rest") return httpPort === 0 ? "grpc" : "rest";
  return grpcPort === 0 ? "rest" : "grpc";
}

async function inForm<T extends Payload>(request: NodeRequest, form: T["transport"]): Promise<T[]> {
  const { payloads, operation } = request;
  if (payloads.every((one) => one.transport === form)) return payloads as T[];
  const converted = payloads.map((one) =>
    operation === "send-feedback"
      ? convertPayload(one, form, "feedback")
      : operation === "aggregate"
        ? convertReply(one, form)
        : convertPayload(one, form, "message"),
  );
  return (await Promise.all(converted)) as T[];
}

function single<T>(payloads: readonly T[]): T {
  const [only] = payloads;
  if (only === undefined) throw new CallError("internal", "a node call needs a payload");
  return only;
}
