import { encodeResource } from "../../render/xds/encode.ts";
import type { EncodedResource, JsonObject } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";

const HEADER_MUTATION = "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation";

/** A cluster whose endpoints come from `source`. */
export function clusterOf(name: string, source: JsonObject, change: JsonObject = {}): EncodedResource {
  const body = { name, type: "EDS", connect_timeout: "1s", eds_cluster_config: { eds_config: source }, ...change };
  return encodeResource({ typeUrl: TYPE.cluster, name, body });
}

/** Endpoints of a cluster: ports of loopback. */
export function endpointsOf(name: string, ...ports: readonly number[]): EncodedResource {
  const lb_endpoints = ports.map((port_value) => ({
    endpoint: { address: { socket_address: { address: "127.0.0.1", port_value } } },
  }));
  return encodeResource({ typeUrl: TYPE.endpoints, name, body: { cluster_name: name, endpoints: [{ lb_endpoints }] } });
}

/** A route table that sends each prefix to a cluster. */
export function routesOf(name: string, clusterByPrefix: Readonly<Record<string, string>>): EncodedResource {
  const routes = Object.entries(clusterByPrefix).map(([prefix, cluster]) => ({
    match: { prefix },
    route: { cluster },
  }));
  const body = { name, virtual_hosts: [{ name: "all", domains: ["*"], routes }], validate_clusters: false };
  return encodeResource({ typeUrl: TYPE.routeConfiguration, name, body });
}

/** A listener on a port of loopback with the route table of the given name; `filters` come before the router. */
export function listenerOf(
  name: string,
  port: number,
  routes: string,
  source: JsonObject,
  filters: readonly JsonObject[] = [],
): EncodedResource {
  const manager = {
    "@type": TYPE.connectionManager,
    stat_prefix: name,
    rds: { route_config_name: routes, config_source: source },
    http_filters: [...filters, { name: "envoy.filters.http.router", typed_config: { "@type": TYPE.router } }],
  };
  const body = {
    name,
    address: { socket_address: { address: "127.0.0.1", port_value: port } },
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
  return encodeResource({ typeUrl: TYPE.listener, name, body });
}

/** A filter under discovery that adds `x-test: value` to requests. */
export function headerFilter(name: string, value: string): EncodedResource {
  const header = { header: { key: "x-test", value }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" };
  const typed_config = {
    "@type": HEADER_MUTATION,
    mutations: { request_mutations: [{ append: header }] },
  };
  return encodeResource({ typeUrl: TYPE.filterConfig, name, body: { name, typed_config } });
}

/** The place of a discovered filter in a listener; without its configuration it does nothing. */
export function discoveredFilter(name: string, source: JsonObject): JsonObject {
  return {
    name,
    config_discovery: {
      config_source: source,
      default_config: { "@type": TYPE.rbac },
      apply_default_config_without_warming: true,
      type_urls: [HEADER_MUTATION, TYPE.rbac],
    },
  };
}
