import { duration } from "../duration.ts";
import type { JsonObject } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

/** What an Envoy of a gateway in a cluster must know before it can ask for the rest. */
export interface GatewayBootstrap {
  /** `gateway~<namespace>~<name>~<pod>`. */
  readonly nodeId: string;
  /** Unix socket where everything else is fetched. */
  readonly xdsSocket: string;
  /** Unix socket of the admin interface: nobody outside the pod reaches it. */
  readonly adminSocket: string;
  /** Port of `/ready` and `/stats/prometheus`, and nothing else of the admin interface. */
  readonly statusPort: number;
  /** What the container may use; 0: no limit is known. */
  readonly memoryLimitBytes: number;
  /** Connections of clients at once. */
  readonly maxConnections: number;
}

const XDS = "graphway-xds";
const ADMIN = "graphway-admin";
/** Share of the container's memory that the heap may take; the rest is stacks, code and what the allocator keeps. */
const HEAP_SHARE = 0.85;

/** Envoy's bootstrap. Everything but the way to the agent beside it comes by delta ADS. */
export function renderGatewayBootstrap(options: GatewayBootstrap): JsonObject {
  const ads = { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" };
  return {
    node: { id: options.nodeId, cluster: "graphway" },
    admin: { address: { pipe: { path: options.adminSocket } } },
    dynamic_resources: { ads_config: adsConfig(), cds_config: ads, lds_config: ads },
    static_resources: {
      clusters: [
        pipeCluster(XDS, options.xdsSocket, { http2_protocol_options: keepalive() }),
        pipeCluster(ADMIN, options.adminSocket, { http_protocol_options: {} }),
      ],
      listeners: [statusListener(options.statusPort)],
    },
    overload_manager: overloadManager(options),
  };
}

function adsConfig(): JsonObject {
  const backOff = { base_interval: duration(100), max_interval: duration(1000) };
  return {
    api_type: "DELTA_GRPC",
    transport_api_version: "V3",
    set_node_on_first_message_only: true,
    grpc_services: [{ envoy_grpc: { cluster_name: XDS, retry_policy: { retry_back_off: backOff } } }],
  };
}

function keepalive(): JsonObject {
  return { connection_keepalive: { interval: duration(10_000), timeout: duration(5000) } };
}

function pipeCluster(name: string, path: string, protocol: JsonObject): JsonObject {
  return {
    name,
    type: "STATIC",
    connect_timeout: duration(1000),
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": TYPE.httpProtocolOptions,
        explicit_http_config: protocol,
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path } } } }] }],
    },
  };
}

/** Probes and Prometheus may ask two things of the admin interface, by GET. It does not listen before the first configuration is there. */
function statusListener(port: number): JsonObject {
  const get = { name: ":method", string_match: { exact: "GET" } };
  const route = (path: string): JsonObject => ({ match: { path, headers: [get] }, route: { cluster: ADMIN } });
  const manager = {
    "@type": TYPE.connectionManager,
    stat_prefix: "status",
    normalize_path: true,
    route_config: {
      name: "status",
      virtual_hosts: [{ name: "status", domains: ["*"], routes: [route("/ready"), route("/stats/prometheus")] }],
    },
    http_filters: [{ name: "envoy.filters.http.router", typed_config: { "@type": TYPE.router } }],
  };
  return {
    name: "graphway-status",
    address: { socket_address: { address: "0.0.0.0", port_value: port } },
    // Status is answered when everything else is refused.
    bypass_overload_manager: true,
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
}

function overloadManager({ memoryLimitBytes, maxConnections }: GatewayBootstrap): JsonObject {
  const connections = {
    name: "envoy.resource_monitors.global_downstream_max_connections",
    typed_config: {
      "@type":
        "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
      max_active_downstream_connections: maxConnections,
    },
  };
  if (memoryLimitBytes <= 0) return { resource_monitors: [connections] };
  const heap = "envoy.resource_monitors.fixed_heap";
  const above = (value: number): readonly JsonObject[] => [{ name: heap, threshold: { value } }];
  return {
    refresh_interval: duration(250),
    resource_monitors: [
      {
        name: heap,
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
          max_heap_size_bytes: Math.floor(memoryLimitBytes * HEAP_SHARE),
        },
      },
      connections,
    ],
    actions: [
      { name: "envoy.overload_actions.shrink_heap", triggers: above(0.9) },
      { name: "envoy.overload_actions.disable_http_keepalive", triggers: above(0.92) },
      { name: "envoy.overload_actions.stop_accepting_requests", triggers: above(0.97) },
    ],
  };
}
