import { asCallError, CallError } from "../execute/call-error.ts";
import type { GrpcPayload, RestPayload } from "../execute/payload.ts";
import type { NodeHeaders, NodeRequest, Operation, Run } from "../execute/run.ts";
import type { Scope } from "../execute/scope.ts";
import type { TakeStream } from "../execute/streamed-reply.ts";
import type { GraphNode, Transport } from "../graph/graph.ts";
import { modelRefOf, ownModelName } from "../protocol/model-names.ts";
import type { NodeProtocol } from "../protocol/protocol.ts";
import { callGrpcNode } from "./grpc/grpc-node.ts";
import { NodeInputs } from "./node-inputs.ts";
import type { NodeLeases } from "./node-leases.ts";
import { postToNode } from "./rest/rest-node.ts";
import { isBinaryAggregate, isUnknownPath, StandIns } from "./stand-ins.ts";

/** Puts a walk's questions to nodes, in the words of their protocol. */
export class AskNode {
  readonly #protocol: NodeProtocol;
  readonly #leases: NodeLeases;
  readonly #standIns: StandIns;
  readonly #inputs: NodeInputs;

  constructor(protocol: NodeProtocol, leases: NodeLeases, maxReplyBytes: number) {
    this.#protocol = protocol;
    this.#leases = leases;
    this.#standIns = new StandIns(protocol);
    this.#inputs = new NodeInputs(protocol, maxReplyBytes);
  }

  /** What metrics call a node's operation: its path or full method, under the node's own model name. */
  serviceOf(node: GraphNode, operation: Operation, transport: Transport): string {
    if (transport === "grpc") return this.#protocol.grpc.method(operation);
    const asked = this.#standIns.isKnown(node, operation) ? "predict" : operation;
    return this.#protocol.rest.path(asked, { name: ownModelName(node), version: "" });
  }

  /** Asks for the operation; where the node does not know it, and `predict` can stand in for it, for that. */
  post(request: NodeRequest, headers: NodeHeaders, scope: Scope): Promise<RestPayload> {
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

  async unary(request: NodeRequest, headers: NodeHeaders, scope: Scope): Promise<GrpcPayload> {
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

/** False where the node has heard nothing of it. */
export function wasAsked(failure: CallError | undefined): boolean {
  return failure === undefined || !NEVER_ASKED.has(failure);
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
