import type { Identity } from "../../graph/draft.ts";
import type { Schemes } from "./sampled-trace.ts";
import type { SpanCounts } from "./span-queue.ts";
import type { Tracer } from "./tracer.ts";

/** Tracing that is on. */
export interface Tracing {
  readonly tracer: Tracer;
  readonly counts: () => SpanCounts;
  /** Sends what has ended so far. True when the collector took it all in time. */
  flush(timeoutMs: number): Promise<boolean>;
}

/** What tracing is told of the process that it is in. */
export interface TracedProcess {
  readonly identity: Identity;
  readonly hostname: string;
  readonly schemes: Schemes;
}
