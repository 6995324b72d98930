import type { JsonObject } from "../../render/xds/resource.ts";

/** What a gateway Envoy needs to know before it can ask for the rest. */
export interface BootstrapOptions {
  readonly nodeId: string;
  /** Unix socket of our xDS server. */
  readonly xdsSocket: string;
  /** Unix socket Envoy puts its admin interface on: no port that others could reach. */
  readonly adminSocket: string;
}

/** Role in the node metadata that makes the xDS server treat an Envoy as a gateway of ours. */
export const GATEWAY_ROLE = "gateway";

const XDS_CLUSTER = "graphway-xds";

/** Envoy's bootstrap for the own gateway: everything but the way to our server comes by delta ADS. */
export function renderBootstrap(options: BootstrapOptions): JsonObject {
  const ads = { ads: {}, resource_api_version: "V3", initial_fetch_timeout: "0s" };
  return {
    node: { id: options.nodeId, cluster: "graphway", metadata: { ROLE: GATEWAY_ROLE } },
    admin: { address: { pipe: { path: options.adminSocket } } },
    dynamic_resources: {
      ads_config: {
        api_type: "DELTA_GRPC",
        transport_api_version: "V3",
        set_node_on_first_message_only: true,
        grpc_services: [
          {
            envoy_grpc: {
              cluster_name: XDS_CLUSTER,
              retry_policy: { retry_back_off: { base_interval: "0.1s", max_interval: "1s" } },
            },
          },
        ],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: { clusters: [xdsCluster(options.xdsSocket)] },
  };
}

function xdsCluster(path: string): JsonObject {
  return {
    name: XDS_CLUSTER,
    type: "STATIC",
    connect_timeout: "1s",
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: "30s", timeout: "5s" } },
        },
      },
    },
    load_assignment: {
      cluster_name: XDS_CLUSTER,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path } } } }] }],
    },
  };
}
