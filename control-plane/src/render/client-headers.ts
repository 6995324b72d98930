import {
  HEADER_BRANCH,
  HEADER_CLUSTER,
  HEADER_DECISION,
  HEADER_EXPLAIN,
  HEADER_FORCE,
  HEADER_MAX_RETRIES,
  HEADER_PATH,
  HEADER_PREDICTOR,
  HEADER_ROUTE,
  HEADER_ROUTING,
  HEADER_SECRET,
  HEADER_SET_COOKIE,
  HEADER_SHADOW,
  HEADER_SHADOW_CLUSTER_PREFIX,
} from "#proto/vocabulary/headers.ts";
import type { JsonObject } from "./xds/resource.ts";
import { TYPE } from "./xds/type-urls.ts";

/** Headers that only the filter, Envoy or the orchestrator may set. `force`, `explain` and `secret` are the client's. */
const FORBIDDEN_TO_CLIENTS: readonly string[] = [
  HEADER_PREDICTOR,
  HEADER_ROUTE,
  HEADER_SHADOW,
  HEADER_CLUSTER,
  HEADER_BRANCH,
  HEADER_DECISION,
  HEADER_SET_COOKIE,
  HEADER_PATH,
  HEADER_ROUTING,
];

/** What clients ask the filter for. It takes them off; while it is away routes do, so that no model ever sees a secret. */
export const MEANT_FOR_FILTER: readonly string[] = [HEADER_FORCE, HEADER_EXPLAIN, HEADER_SECRET];

/** Envoy obeys these from clients that it takes for internal ones. Where other people's requests pass too they are theirs. */
const RETRY_HEADERS: readonly string[] = [
  "x-envoy-retry-on",
  "x-envoy-retry-grpc-on",
  HEADER_MAX_RETRIES,
  "x-envoy-upstream-rq-per-try-timeout-ms",
  "x-envoy-upstream-rq-timeout-ms",
  "x-envoy-upstream-rq-timeout-alt-response",
  "x-envoy-retriable-status-codes",
  "x-envoy-retriable-header-names",
  "x-envoy-hedge-on-per-try-timeout",
];

/**
 * Headers by which the sender's Envoy told itself where to go, and its client why, and what the client asked the sender's filter for:
 * they have done their work when a request arrives.
 */
const DONE_ON_ARRIVAL: readonly string[] = [
  HEADER_PREDICTOR,
  HEADER_ROUTE,
  HEADER_CLUSTER,
  HEADER_SET_COOKIE,
  ...MEANT_FOR_FILTER,
];

/** Removes headers in Envoy's connection manager, before any filter, so that it holds while our filter is away. */
function removeEarly(headers: readonly string[]): JsonObject {
  const byName = headers.map((header) => ({ remove: header }));
  const byPrefix = { remove_on_match: { key_matcher: { prefix: HEADER_SHADOW_CLUSTER_PREFIX } } };
  return {
    name: "envoy.http.early_header_mutation.header_mutation",
    typed_config: { "@type": TYPE.earlyHeaderMutation, mutations: [...byName, byPrefix] },
  };
}

/** For the first Envoy that a request meets, our own gateway: nothing that a client sends may pass for a decision. */
export function stripClientHeaders(): JsonObject {
  return removeEarly([...FORBIDDEN_TO_CLIENTS, ...RETRY_HEADERS]);
}

/** The same for an Envoy that is not ours alone: only what begins with our prefix. */
export function stripForgedHeaders(): JsonObject {
  return removeEarly(FORBIDDEN_TO_CLIENTS);
}

/** For the Envoy in front of a predictor: what the sender's Envoy decided about the way here, and was asked for, ends here. */
export function stripSpentHeaders(): JsonObject {
  return removeEarly(DONE_ON_ARRIVAL);
}
