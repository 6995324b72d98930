import type { RetryPlan } from "../../plan/traffic-plan.ts";
import { FEEDBACK_PATHS, GRPC_FEEDBACK_PATH } from "../../plan/urls.ts";
import { duration } from "../duration.ts";
import { retriesOf } from "../retry-conditions.ts";
import type { JsonObject } from "./resource.ts";
import { reused } from "./reused.ts";
import { TYPE } from "./type-urls.ts";

/** Explicit, so that no default of a proxy can count a reward twice. */
export const NO_RETRIES: JsonObject = reused({ num_retries: 0 });

const FEEDBACK_CALL = `.*(${[...FEEDBACK_PATHS, GRPC_FEEDBACK_PATH].join("|").replaceAll(".", "\\.")})([?].*)?`;

/** Only requests with such a header are tried again: feedback is not, though it shares its routes with predictions. */
const PREDICTIONS: readonly JsonObject[] = [
  reused({ name: ":path", string_match: { safe_regex: { regex: FEEDBACK_CALL } }, invert_match: true }),
];

/** What holds for predictions of deployments that say nothing: the same for REST and gRPC, so it stands on the virtual host. */
export const USUAL_RETRIES: JsonObject = policy(undefined, "http");

/** Retries of predictions go to another host where there is one. Feedback has none. */
export function retryPolicy(retry: RetryPlan | undefined, call: "http" | "grpc"): JsonObject {
  return retry === undefined ? {} : { retry_policy: policy(retry, call) };
}

function policy(retry: RetryPlan | undefined, call: "http" | "grpc"): JsonObject {
  const { attempts, perTryTimeoutMs, conditions, statuses } = retriesOf(retry, call);
  if (attempts === 0) return NO_RETRIES;
  const retryOn = statuses.length === 0 ? conditions : [...new Set([...conditions, "retriable-status-codes"])];
  return {
    retry_on: retryOn.join(","),
    num_retries: attempts,
    ...(statuses.length === 0 ? {} : { retriable_status_codes: statuses }),
    ...(perTryTimeoutMs === undefined ? {} : { per_try_timeout: duration(perTryTimeoutMs) }),
    retry_host_predicate: [
      { name: "envoy.retry_host_predicates.previous_hosts", typed_config: { "@type": TYPE.previousHosts } },
    ],
    host_selection_retry_max_attempts: 3,
    retriable_request_headers: PREDICTIONS,
  };
}
