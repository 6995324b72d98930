import type { RetryPlan } from "../../plan/traffic-plan.ts";
import { duration } from "../duration.ts";
import { GRPC_RETRY_ON, RETRY_ON } from "../retry-conditions.ts";
import type { JsonObject } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

/** Explicit, so that no default of a proxy can count a reward twice. */
export const NO_RETRIES: JsonObject = { num_retries: 0 };

/** Retries go to another host where there is one. */
export function retryPolicy(retry: RetryPlan | undefined, call: "http" | "grpc"): JsonObject {
  if (retry === undefined) return NO_RETRIES;
  return {
    retry_on: call === "grpc" ? GRPC_RETRY_ON : RETRY_ON,
    num_retries: retry.attempts,
    ...(retry.perTryTimeoutMs === undefined ? {} : { per_try_timeout: duration(retry.perTryTimeoutMs) }),
    retry_host_predicate: [
      { name: "envoy.retry_host_predicates.previous_hosts", typed_config: { "@type": TYPE.previousHosts } },
    ],
    host_selection_retry_max_attempts: 3,
  };
}
