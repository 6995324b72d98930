import { HEADER_PREDICTOR, HEADER_ROUTE } from "#proto/vocabulary/headers.ts";
import type { JsonObject } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

/** One line of JSON per request. Of the path only what stands before `?`: a query may hold what nobody should read. */
const FORMAT: JsonObject = {
  time: "%START_TIME%",
  method: "%REQ(:METHOD)%",
  host: "%REQ(:AUTHORITY)%",
  path: "%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%",
  protocol: "%PROTOCOL%",
  status: "%RESPONSE_CODE%",
  grpc_status: "%GRPC_STATUS%",
  flags: "%RESPONSE_FLAGS%",
  details: "%RESPONSE_CODE_DETAILS%",
  duration_ms: "%DURATION%",
  upstream_ms: "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
  request_bytes: "%BYTES_RECEIVED%",
  response_bytes: "%BYTES_SENT%",
  request_id: "%REQ(X-REQUEST-ID)%",
  predictor: `%RESP(${HEADER_PREDICTOR})%`,
  route: `%RESP(${HEADER_ROUTE})%`,
  cluster: "%UPSTREAM_CLUSTER%",
  upstream: "%UPSTREAM_HOST%",
  tries: "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
  client: "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
  user_agent: "%REQ(USER-AGENT)%",
};

const WITHOUT_QUERY: JsonObject = {
  name: "envoy.formatter.req_without_query",
  typed_config: { "@type": TYPE.reqWithoutQuery },
};

/** The connection manager's logs: none, or one on standard output. */
export function accessLog(form: "off" | "json"): JsonObject {
  if (form === "off") return {};
  const format = { json_format: FORMAT, omit_empty_values: true, formatters: [WITHOUT_QUERY] };
  const typed = { "@type": TYPE.stdoutAccessLog, log_format: format };
  return { access_log: [{ name: "envoy.access_loggers.stdout", typed_config: typed }] };
}
