import type { CallTrace, RequestTrace } from "../../execute/request-trace.ts";
import type { TraceHeaders } from "./trace-headers.ts";

/** Records nothing; nodes hear that the trace is not recorded, so that none of them begins one of its own. */
export class UnsampledTrace implements RequestTrace, CallTrace {
  readonly traceId: string;
  readonly isSampled = false;
  readonly #spanId: string;
  readonly #headers: TraceHeaders;

  constructor(traceId: string, spanId: string, headers: TraceHeaders) {
    this.traceId = traceId;
    this.#spanId = spanId;
    this.#headers = headers;
  }

  enter(): void {}

  leave(): void {}

  beginCall(): CallTrace {
    return this;
  }

  headers(pairs: readonly string[]): readonly string[] {
    return this.#headers.with(pairs, { traceId: this.traceId, spanId: this.#spanId, isSampled: false, isDebug: false });
  }

  end(): void {}
}
