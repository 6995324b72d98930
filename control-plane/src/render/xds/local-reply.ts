import type { JsonObject } from "./resource.ts";

/** gRPC calls, whose errors Envoy writes as gRPC statuses by itself. */
const GRPC_CALL: JsonObject = { name: "content-type", string_match: { prefix: "application/grpc" } };

/** Everything else. A request that Envoy could not read has no headers, and counts as REST. */
const REST: JsonObject = {
  header_filter: { header: { ...GRPC_CALL, invert_match: true, treat_missing_header_as_empty: true } },
};

/** Envoy wants a key by which its runtime could say otherwise; nobody does. */
function status(op: "EQ" | "GE", code: number): JsonObject {
  const value = { default_value: code, runtime_key: "graphway.local_reply" };
  return { status_code_filter: { comparison: { op, value } } };
}

/** Requests beyond what a deployment's policy lets through here. */
const RATE_LIMITED = status("EQ", 429);
/** What Envoy does not flag: requests beyond their deadline among them. Direct responses of routes are 404 and keep the body that they have. */
const BEYOND_NOT_FOUND = status("GE", 405);
/** Envoy's other failures: it flags each. */
const FAILED: JsonObject = { response_flag_filter: {} };

/** The shape of Seldon's errors. */
function mapped(filter: JsonObject, info: string): JsonObject {
  return {
    filter: { and_filter: { filters: [filter, REST] } },
    body_format_override: { json_format: { status: { code: "%RESPONSE_CODE%", info, status: "FAILURE" } } },
  };
}

/** What Envoy answers by itself to a REST client (no healthy upstream, timeout) gets the shape of Seldon's errors. */
export const LOCAL_REPLY: JsonObject = {
  mappers: [
    mapped(RATE_LIMITED, "too many requests per second for this SeldonDeployment"),
    mapped(BEYOND_NOT_FOUND, "%LOCAL_REPLY_BODY%"),
    mapped(FAILED, "%LOCAL_REPLY_BODY%"),
  ],
};
