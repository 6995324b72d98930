import type { AccessLog } from "./access-log.ts";
import type { RequestMetrics } from "./request-metrics.ts";
import type { Tracer } from "./tracing/tracer.ts";

/** Who hears of every request. */
export interface Observer {
  readonly requests: RequestMetrics;
  /** Absent: tracing is off. */
  readonly tracer: Tracer | undefined;
  /** Absent: no request is logged. */
  readonly accessLog: AccessLog | undefined;
}
