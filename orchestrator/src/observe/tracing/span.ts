export type SpanKind = "internal" | "server" | "client";

export type AttributeValue = string | number | boolean;

/** One span, on its way to the collector once it has ended. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: the trace begins here. */
  readonly parentSpanId: string;
  /** Whether the parent is a span of another process. */
  readonly hasRemoteParent: boolean;
  /** W3C tracestate; empty without one. */
  readonly traceState: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** performance.now() times. */
  readonly startMs: number;
  endMs: number;
  readonly attributes: Record<string, AttributeValue>;
  /** Why it failed; undefined when it did not. */
  error: string | undefined;
}

const MAX_ERROR_CHARS = 256;

/** Marks a span as failed; messages may quote a node, so they are cut. */
export function failSpan(span: Span, message: string): void {
  span.error = message.length > MAX_ERROR_CHARS ? `${message.slice(0, MAX_ERROR_CHARS)}…` : message;
}
