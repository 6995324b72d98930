import type { Carried } from "../codec/convert.ts";
import type { GrpcPayload, Payload, RestPayload } from "../execute/payload.ts";
import type { Operation } from "../execute/run.ts";
import type { GraphNode, Protocol, Transport } from "../graph/graph.ts";

/**
 * What sets one protocol apart from the others: how nodes are asked, and what becomes of what they answer. Pure.
 * `maxBytes` everywhere bounds what a compressed body may grow to.
 */
export interface NodeProtocol {
  readonly name: Protocol;
  /** Whether feedback goes on to nodes; where it does not, it is accepted and given back. */
  readonly feedbackReachesNodes: boolean;
  readonly rest: RestForm;
  readonly grpc: GrpcForm;
  /**
   * The branch that a router's reply names. Throws CallError (bad-route) where it names none.
   */
  readRoute(node: string, reply: Payload, maxBytes: number): number | Promise<number>;
  /** The payload in a node's transport, before `chain`. */
  convert(payload: Payload, into: Transport, carried: Carried, maxBytes: number): Payload | Promise<Payload>;
  /** What the graph answers, in the client's transport; `asked` is the client's own message over gRPC. */
  answer(payload: Payload, into: Transport, maxBytes: number, asked?: Buffer): Payload | Promise<Payload>;
  /** What REST clients hear of a node that only speaks gRPC. */
  readonly aboutNode: AboutNode;
  /** The JSON body of an error that no node has written. */
  errorBody(httpStatus: number, info: string): unknown;
}

/** What a node is called by in a URL or a message; the version is empty where it does not matter. */
export interface ModelRef {
  readonly name: string;
  readonly version: string;
}

/** Calls a node's full method with an encoded message. */
export type CallMethod = (fullMethod: string, message: Buffer) => Promise<Buffer>;

/** Questions about a node in JSON, answered over gRPC. */
export interface AboutNode {
  status(model: ModelRef, call: CallMethod): Promise<RestPayload>;
  metadata(model: ModelRef, call: CallMethod): Promise<RestPayload>;
}

/** One child's answer on its way to a combiner. */
export interface ChildReply<T extends Payload> {
  readonly child: string;
  readonly payload: T;
}

/** A protocol over HTTP. */
export interface RestForm {
  readonly path: (operation: Operation, model: ModelRef) => string;
  readonly statusPath: (model: ModelRef) => string;
  readonly metadataPath: (model: ModelRef) => string;
  /**
   * A node's reply as the next node's input; the client's request passes untouched. Throws CallError (bad-reply).
   */
  readonly chain: (payload: RestPayload, maxBytes: number) => RestPayload | Promise<RestPayload>;
  /** The body of `aggregate`: the replies as they are. */
  readonly gather: (
    replies: readonly ChildReply<RestPayload>[],
    maxBytes: number,
  ) => RestPayload | Promise<RestPayload>;
  /** Where nodes may know no `route` and `aggregate`, what `predict` takes in their place. */
  readonly standIn: RestStandIn | undefined;
}

/** How `predict` stands in for `route` and `aggregate`. */
export interface RestStandIn {
  /** The children's replies as its input. */
  readonly gather: (
    replies: readonly ChildReply<RestPayload>[],
    maxBytes: number,
  ) => RestPayload | Promise<RestPayload>;
}

/** A protocol over gRPC. Messages stay bytes. */
export interface GrpcForm {
  /** The full method, `/package.Service/Method`. */
  method(operation: Operation): string;
  readonly metadataMethod: string;
  /** A node's reply as the next node's input, or the client's request under the node's model name. */
  chain(payload: GrpcPayload, model: ModelRef, asked: string): GrpcPayload;
  gather(replies: readonly ChildReply<GrpcPayload>[], model: ModelRef): GrpcPayload | Promise<GrpcPayload>;
}

/** A node's children, each with its answer. */
export function repliesOf<T extends Payload>(from: readonly GraphNode[], payloads: readonly T[]): ChildReply<T>[] {
  return payloads.map((payload, i) => ({ child: from[i]?.name ?? String(i), payload }));
}
