import { chunksOf, lengthOf } from "../../execute/body-chunks.ts";
import type { Payload } from "../../execute/payload.ts";
import type { Graph, GraphNode } from "../../graph/graph.ts";

/** What happened, as Seldon's CloudEvents name it. */
export type EventType = "io.seldon.serving.inference.request" | "io.seldon.serving.inference.response" | FeedbackType;
type FeedbackType = "io.seldon.serving.feedback";

/** What all events of one request have in common. */
export interface EventOrigin {
  readonly graph: Graph;
  readonly puid: string;
  /** The request's own W3C trace context; empty when it brought none. */
  readonly traceparent: string;
  /** Whether the request is the copy of a live one. */
  readonly isShadow: boolean;
}

/** A payload on its way to the log. It holds the payload's bytes as they are, no copy of them. */
export interface LogEvent {
  readonly type: EventType;
  readonly origin: EventOrigin;
  readonly node: GraphNode;
  /** The payload in the pieces it came in. */
  readonly chunks: readonly Buffer[];
  /** Their bytes together. */
  readonly length: number;
  /** Empty: none was named. */
  readonly contentType: string;
  /** Empty: none. */
  readonly contentEncoding: string;
  /** How much of a V2 body is JSON, where binary tensors follow; else empty. */
  readonly jsonLength: string;
  /** When it happened, in ms since 1970. */
  readonly timeMs: number;
  /** The same in performance.now() time, which never jumps. */
  readonly sinceMs: number;
  /** What it keeps in memory. */
  readonly heldBytes: number;
}

/** Objects and short texts of an event, roughly. */
const OVERHEAD_BYTES = 512;

export function makeEvent(type: EventType, origin: EventOrigin, node: GraphNode, payload: Payload): LogEvent {
  const isRest = payload.transport === "rest";
  const chunks = isRest ? chunksOf(payload) : [payload.body];
  let heldBytes = OVERHEAD_BYTES;
  // A chunk may be a piece of a larger block, which it keeps in memory as a whole.
  for (const chunk of chunks) heldBytes += chunk.buffer.byteLength;
  return {
    type,
    origin,
    node,
    chunks,
    length: lengthOf(chunks),
    contentType: isRest ? payload.contentType : "application/protobuf",
    contentEncoding: isRest ? payload.contentEncoding : "",
    jsonLength: isRest ? (payload.jsonLength ?? "") : "",
    timeMs: Date.now(),
    sinceMs: performance.now(),
    heldBytes,
  };
}
