import type { CallError } from "../execute/call-error.ts";
import type { Run } from "../execute/run.ts";
import type { ServedGraph } from "../walk/served-graph.ts";
import { routingHeader } from "../policy/answer-headers.ts";
import type { ServerContext } from "./server-context.ts";

/** How a request ended, whichever transport it came by. */
export interface RunEnd {
  /** Absent where the request failed before its walk began. */
  readonly run: Run | undefined;
  /** predictions or feedback, or the full gRPC method. */
  readonly service: string;
  /** The HTTP method in lower case, or unary. */
  readonly method: string;
  /** HTTP status, or the gRPC code's name. */
  readonly code: string;
  /** performance.now() when it came. */
  readonly startedMs: number;
  readonly failure: CallError | undefined;
}

/** Counts a request and ends its spans, once its answer is under way; pair with `beginRun`. */
export function endRun(context: ServerContext, served: ServedGraph, end: RunEnd): void {
  const { run, service, method, code, startedMs, failure } = end;
  const nowMs = performance.now();
  const durationMs = nowMs - startedMs;
  served.metrics.observe(service, method, code, durationMs / 1000, nowMs);
  const { requests, accessLog } = context.observer;
  if (failure !== undefined) requests.failed(failure.fault);
  if (run === undefined) return;
  requests.ended(run.calledBy);
  if (run.isShadow) requests.shadow(service);
  run.trace?.end({ code, failure });
  if (accessLog?.takes() !== true) return;
  accessLog.write({
    puid: run.puid,
    transport: run.calledBy,
    path: service,
    status: code,
    durationMs,
    routing: routingHeader(run.routing),
    shadow: run.isShadow,
    traceId: run.trace?.traceId ?? "",
    error: failure?.message ?? "",
  });
}
