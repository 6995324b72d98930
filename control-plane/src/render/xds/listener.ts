import { stripClientHeaders } from "../client-headers.ts";
import { duration } from "../duration.ts";
import { accessLog } from "./access-log.ts";
import { discoveredFilter, OVER_ADS } from "./config-source.ts";
import { filterName } from "./filter-config.ts";
import { LOCAL_REPLY } from "./local-reply.ts";
import { MODEL_FILTERS } from "./model-headers.ts";
import type { XdsOptions } from "./options.ts";
import { RATE_LIMITS_NAME } from "./rate-limits.ts";
import type { JsonObject, XdsResource } from "./resource.ts";
import { COOKIE_FILTER } from "./set-cookie.ts";
import { TYPE } from "./type-urls.ts";

/** Name of the gateway's listener and of its RouteConfiguration. */
export const GATEWAY_NAME = "graphway";

/** The host of an HTTP/1.0 request that names none: one that no deployment can claim, so it gets what any host gets. */
const HTTP_10_HOST = "http-1-0.invalid";

const ROUTER: JsonObject = { name: "envoy.filters.http.router", typed_config: { "@type": TYPE.router } };

/** Ours first: the others look at what it decided. */
const HTTP_FILTERS: readonly JsonObject[] = [
  discoveredFilter(filterName("gateway"), TYPE.wasm),
  COOKIE_FILTER,
  ...MODEL_FILTERS,
  discoveredFilter(RATE_LIMITS_NAME, TYPE.localRateLimit),
  ROUTER,
];

function connectionManager(options: XdsOptions): JsonObject {
  return {
    "@type": TYPE.connectionManager,
    stat_prefix: GATEWAY_NAME,
    codec_type: "AUTO",
    rds: { config_source: OVER_ADS, route_config_name: GATEWAY_NAME },
    http_filters: HTTP_FILTERS,
    early_header_mutation_extensions: [stripClientHeaders()],
    use_remote_address: true,
    generate_request_id: true,
    preserve_external_request_id: true,
    normalize_path: true,
    max_request_headers_kb: options.maxRequestHeadersKiB,
    request_headers_timeout: duration(options.requestHeadersTimeoutMs),
    stream_idle_timeout: duration(options.streamIdleTimeoutMs),
    local_reply_config: LOCAL_REPLY,
    ...accessLog(options.accessLog),
    http_protocol_options: { accept_http_10: true, default_host_for_http_10: HTTP_10_HOST },
    http2_protocol_options: {
      max_concurrent_streams: options.maxConcurrentStreams,
      // WebSocket over HTTP/2 (RFC 8441).
      allow_connect: true,
      initial_stream_window_size: 1024 * 1024,
      initial_connection_window_size: 16 * 1024 * 1024,
    },
  };
}

/** The one listener of the gateway. A client's `x-request-id` is kept, because splits are keyed by it. */
export function renderListener(options: XdsOptions): XdsResource {
  const manager = {
    name: "envoy.filters.network.http_connection_manager",
    typed_config: connectionManager(options),
  };
  const body = {
    name: GATEWAY_NAME,
    address: { socket_address: { address: options.address, port_value: options.port } },
    filter_chains: [{ filters: [manager] }],
    ...(options.reusePort ? {} : { enable_reuse_port: false }),
  };
  return { typeUrl: TYPE.listener, name: GATEWAY_NAME, body };
}
