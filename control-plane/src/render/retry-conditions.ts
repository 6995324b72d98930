import type { RetryPlan } from "../plan/traffic-plan.ts";

/** What Seldon 1.17.1 retries. */
const HTTP_CONDITIONS: readonly string[] = ["gateway-error", "connect-failure", "refused-stream"];
/** gRPC says "try again" by status UNAVAILABLE under HTTP 200. */
const GRPC_CONDITIONS: readonly string[] = ["unavailable"];

/** Which failures of one kind of call are tried again, and how often at most. */
export interface Retries {
  readonly attempts: number;
  readonly perTryTimeoutMs?: number;
  /** Envoy's conditions. */
  readonly conditions: readonly string[];
  /** Statuses beyond the conditions. */
  readonly statuses: readonly number[];
}

/**
 * What holds for predictions where nobody says anything: tries that no model can have seen, because there was no
 * connection or the stream was refused. It mends what is lost when a pod ends.
 */
const OF_WHAT_WAS_NEVER_SENT: Retries = {
  attempts: 2,
  conditions: ["connect-failure", "refused-stream"],
  statuses: [],
};

/** Retries of predictions. Feedback has none, whatever a plan says. */
export function retriesOf(retry: RetryPlan | undefined, call: "http" | "grpc"): Retries {
  if (retry === undefined) return OF_WHAT_WAS_NEVER_SENT;
  const { attempts, perTryTimeoutMs, httpOn = HTTP_CONDITIONS, grpcOn = GRPC_CONDITIONS, statuses = [] } = retry;
  const conditions = call === "grpc" ? [...new Set([...httpOn, ...grpcOn])] : httpOn;
  return { attempts, ...(perTryTimeoutMs === undefined ? {} : { perTryTimeoutMs }), conditions, statuses };
}
