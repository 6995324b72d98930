import { MAX_SHADOWS_PER_REQUEST } from "#proto/vocabulary/limits.ts";
import { MEANT_FOR_FILTER, stripForgedHeaders, stripSpentHeaders } from "../../client-headers.ts";
import { filterName } from "../../xds/filter-config.ts";
import { mirrorsByHeader } from "../../xds/mirrors.ts";
import type { JsonObject } from "../../xds/resource.ts";
import { TYPE } from "../../xds/type-urls.ts";
import type { IstioInstallation } from "./options.ts";
import { matches, type Scope } from "./scope.ts";

const CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager";
const ROUTER = "envoy.filters.http.router";

/** Name of the cluster that is added where the mesh's own is not to be used. */
export const OWN_CLUSTER = "graphway-xds";

function listenersWith(filter: JsonObject): (port: JsonObject) => JsonObject {
  return (port) => ({ listener: { ...port, filterChain: { filter: { name: CONNECTION_MANAGER, ...filter } } } });
}

/** What nobody may hand on is removed before any filter, so that it holds while ours is away. */
export function stripHeaders(scope: Scope): readonly JsonObject[] {
  const strip = scope.role === "inbound" ? stripSpentHeaders() : stripForgedHeaders();
  const manager = { "@type": TYPE.connectionManager, early_header_mutation_extensions: [strip] };
  return matches(scope, listenersWith({})).map((match) => ({
    applyTo: "NETWORK_FILTER",
    match,
    patch: { operation: "MERGE", value: { typed_config: manager } },
  }));
}

/** The mesh's own cluster of our Service. */
function meshCluster({ controlPlane: { host, port } }: IstioInstallation): string {
  return `outbound|${String(port)}||${host}`;
}

/** How Envoy finds our server: a stream per filter name, tried again at least every five seconds. */
function fromUs(installation: IstioInstallation): JsonObject {
  const { host } = installation.controlPlane;
  const cluster = installation.reach.by === "mesh" ? meshCluster(installation) : OWN_CLUSTER;
  const retry = { retry_back_off: { base_interval: "0.5s", max_interval: "5s" } };
  return {
    api_config_source: {
      api_type: "DELTA_GRPC",
      transport_api_version: "V3",
      set_node_on_first_message_only: true,
      grpc_services: [{ envoy_grpc: { cluster_name: cluster, authority: host, retry_policy: retry } }],
    },
    initial_fetch_timeout: "2s",
    resource_api_version: "V3",
  };
}

const FROM_ISTIOD: JsonObject = { ads: {}, initial_fetch_timeout: "2s", resource_api_version: "V3" };

/** The filter, fetched. Until it comes an RBAC filter without rules stands in, which lets everything pass; nothing waits for it. */
export function addFilter(scope: Scope, installation: IstioInstallation): readonly JsonObject[] {
  const value = {
    name: filterName(scope.role),
    config_discovery: {
      config_source: installation.delivery === "istiod" ? FROM_ISTIOD : fromUs(installation),
      default_config: { "@type": TYPE.rbac },
      apply_default_config_without_warming: true,
      type_urls: [TYPE.wasm, TYPE.rbac],
    },
  };
  return matches(scope, listenersWith({ subFilter: { name: ROUTER } })).map((match) => ({
    applyTo: "HTTP_FILTER",
    match,
    patch: { operation: "INSERT_BEFORE", value },
  }));
}

/**
 * Copies to the clusters that the filter names: a header that is absent makes none. Routes also take off what was meant for the
 * filter, which comes before them where it is there.
 */
export function addToRoutes(scope: Scope): readonly JsonObject[] {
  if (scope.role === "inbound") return [];
  const value = {
    request_headers_to_remove: MEANT_FOR_FILTER,
    route: { request_mirror_policies: mirrorsByHeader(MAX_SHADOWS_PER_REQUEST) },
  };
  const about = (port: JsonObject): JsonObject => ({
    routeConfiguration: { ...port, vhost: { route: { action: "ROUTE" } } },
  });
  return matches(scope, about).map((match) => ({
    applyTo: "HTTP_ROUTE",
    match,
    patch: { operation: "MERGE", value },
  }));
}

function tlsSocket(host: string, ca: string): JsonObject {
  const validation = {
    trusted_ca: { inline_string: ca },
    match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: host } }],
  };
  return {
    name: "envoy.transport_sockets.tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      sni: host,
      common_tls_context: { alpn_protocols: ["h2"], validation_context: validation },
    },
  };
}

/**
 * HTTP/2 to our server, asked now and then whether it lives: a stream that only hears is otherwise never missed where packets are lost in
 * silence (a node that is off, a partition).
 */
const PROTOCOL: JsonObject = {
  "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
    "@type": TYPE.httpProtocolOptions,
    explicit_http_config: { http2_protocol_options: { connection_keepalive: { interval: "30s", timeout: "5s" } } },
  },
};

/** The way to our server: a cluster of ours where the mesh's own is not to be used, else what that one lacks. */
export function addCluster(scope: Scope, installation: IstioInstallation): readonly JsonObject[] {
  if (installation.delivery === "istiod") return [];
  return installation.reach.by === "mesh" ? watchMeshCluster(scope, installation) : addOwnCluster(scope, installation);
}

/** Sidecars of predictors have it by the patch for callers', which holds for all sidecars: the cluster is an outbound one. */
function watchMeshCluster(scope: Scope, installation: IstioInstallation): readonly JsonObject[] {
  if (scope.role === "inbound") return [];
  const cluster = { name: meshCluster(installation) };
  const [match] = matches({ ...scope, ports: [] }, () => ({ cluster }));
  const value = { typed_extension_protocol_options: PROTOCOL };
  return [{ applyTo: "CLUSTER", match: match ?? {}, patch: { operation: "MERGE", value } }];
}

function addOwnCluster(scope: Scope, { reach, controlPlane }: IstioInstallation): readonly JsonObject[] {
  const { host, port } = controlPlane;
  const endpoint = { address: { socket_address: { address: host, port_value: port } } };
  const value = {
    name: OWN_CLUSTER,
    type: "STRICT_DNS",
    connect_timeout: "1s",
    dns_refresh_rate: "5s",
    typed_extension_protocol_options: PROTOCOL,
    load_assignment: { cluster_name: OWN_CLUSTER, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    ...(reach.by === "mesh" || reach.tls === undefined ? {} : { transport_socket: tlsSocket(host, reach.tls.ca) }),
  };
  const [match] = matches({ ...scope, ports: [] });
  return [{ applyTo: "CLUSTER", match: match ?? {}, patch: { operation: "ADD", value } }];
}
