import type { JsonObject } from "#proto/json/json.ts";
import type { GraphNode } from "../graph/graph.ts";
import type { Operation } from "./operation.ts";
import type { Payload } from "./payload.ts";

/** The answer's `meta`: as the last node wrote it; with the branches taken; or with what every node said in its own. */
export type AnswerMeta =
  | { readonly kind: "untouched" }
  | { readonly kind: "with-routing" }
  | { readonly kind: "merged"; readonly replies: ReplyMetas };

/** What every reply of one request said in its `meta`. */
export interface ReplyMetas {
  /** Keeps a reply's `meta`; nothing else of it. */
  add(node: GraphNode, operation: Operation, reply: Payload): void;
  /** Whether any of them has to be decoded. */
  readonly hasEncoded: boolean;
  /** What a node's reply said; undefined where it was not asked. */
  get(node: GraphNode, operation: Operation, decode: DecodeMessage | undefined): Meta | undefined;
}

/** What a SeldonMessage says in `meta`, in proto3 JSON form. */
export interface Meta {
  readonly puid: string;
  readonly tags: JsonObject;
  readonly requestPath: JsonObject;
  readonly metrics: readonly JsonObject[];
}

/** Reads an encoded SeldonMessage; loaded only where one is read. */
export type DecodeMessage = (bytes: Uint8Array) => JsonObject;
