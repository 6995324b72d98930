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
}

/** A payload on its way to the log. It holds the payload's bytes as they are, no copy of them. */
export interface LogEvent {
  readonly type: EventType;
  readonly origin: EventOrigin;
  readonly node: GraphNode;
  readonly payload: Payload;
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
  // A body may be a piece of a larger block, which it keeps in memory as a whole.
  const heldBytes = payload.body.buffer.byteLength + OVERHEAD_BYTES;
  return { type, origin, node, payload, timeMs: Date.now(), sinceMs: performance.now(), heldBytes };
}
