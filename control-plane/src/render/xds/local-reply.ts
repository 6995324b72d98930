import type { JsonObject } from "./resource.ts";

/** gRPC calls, whose errors Envoy writes as gRPC statuses by itself. */
const GRPC_CALL: JsonObject = { name: "content-type", string_match: { prefix: "application/grpc" } };

/** Everything else. A request that Envoy could not read has no headers, and counts as REST. */
const REST: JsonObject = {
  header_filter: { header: { ...GRPC_CALL, invert_match: true, treat_missing_header_as_empty: true } },
};

/** Envoy's own failures: it flags each. Direct responses of routes have no flag, and keep the body that they have. */
const FAILED: JsonObject = { response_flag_filter: {} };

/** Requests beyond what a deployment's policy lets through here. */
const RATE_LIMITED: JsonObject = { response_flag_filter: { flags: ["RL"] } };
const TOO_MANY = "too many requests per second for this SeldonDeployment";

/** What Envoy answers by itself to a REST client (no healthy upstream, timeout) gets the shape of Seldon's errors. */
export const LOCAL_REPLY: JsonObject = {
  mappers: [
    {
      filter: { and_filter: { filters: [RATE_LIMITED, REST] } },
      body_format_override: {
        json_format: { status: { code: "%RESPONSE_CODE%", info: TOO_MANY, status: "FAILURE" } },
      },
    },
    {
      filter: { and_filter: { filters: [FAILED, REST] } },
      body_format_override: {
        json_format: { status: { code: "%RESPONSE_CODE%", info: "%LOCAL_REPLY_BODY%", status: "FAILURE" } },
      },
    },
  ],
};
