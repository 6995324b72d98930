import type { RequestTrace } from "../../execute/request-trace.ts";
import { newSpanId, newTraceId } from "./ids.ts";
import { readTrace, type TraceFormat } from "./propagation.ts";
import { SampledTrace, type Schemes, type TracedRequest } from "./sampled-trace.ts";
import type { Sampler } from "./sampler.ts";
import type { Span } from "./span.ts";
import { TraceHeaders } from "./trace-headers.ts";
import { UnsampledTrace } from "./unsampled-trace.ts";

export interface TracerOptions {
  readonly sampler: Sampler;
  /** Formats that are read. */
  readonly reads: readonly TraceFormat[];
  /** Formats that nodes are always sent; those that a request came with are added. */
  readonly writes: readonly TraceFormat[];
  readonly schemes: Schemes;
}

/** Begins the spans of requests. */
export class Tracer {
  readonly #options: TracerOptions;
  readonly #ended: (span: Span) => void;

  constructor(options: TracerOptions, ended: (span: Span) => void) {
    this.#options = options;
    this.#ended = ended;
  }

  /** Undefined where there is nothing to record and nothing to tell nodes that the headers don't say already. */
  begin(request: TracedRequest): RequestTrace | undefined {
    const { sampler, reads, writes } = this.#options;
    const incoming = readTrace(request.pairs, reads);
    const traceId = incoming.parent?.traceId ?? newTraceId();
    const isSampled = incoming.isDebug || sampler(traceId, incoming.sampled);
    if (!isSampled && incoming.sampled === false) return undefined;
    const headers = new TraceHeaders(request.pairs, incoming, union(writes, incoming.formats));
    if (!isSampled) return new UnsampledTrace(traceId, incoming.parent?.spanId ?? newSpanId(), headers);
    return new SampledTrace(request, traceId, incoming, headers, this.#options.schemes, this.#ended);
  }
}

function union(writes: readonly TraceFormat[], came: readonly TraceFormat[]): readonly TraceFormat[] {
  const missing = came.filter((one) => !writes.includes(one));
  return missing.length === 0 ? writes : [...writes, ...missing];
}
