import {
  HEADER_BRANCH,
  HEADER_CLUSTER,
  HEADER_DECISION,
  HEADER_PATH,
  HEADER_PREDICTOR,
  HEADER_ROUTE,
  HEADER_ROUTING,
  HEADER_SET_COOKIE,
  HEADER_SHADOW,
  HEADER_SHADOW_CLUSTER_PREFIX,
} from "#proto/vocabulary/headers.ts";

const TYPE = "type.googleapis.com/envoy.extensions.";
const WASM = `${TYPE}filters.http.wasm.v3.Wasm`;
const INTERNAL = [
  HEADER_PREDICTOR,
  HEADER_ROUTE,
  HEADER_SHADOW,
  HEADER_CLUSTER,
  HEADER_BRANCH,
  HEADER_DECISION,
  HEADER_PATH,
  HEADER_ROUTING,
  HEADER_SET_COOKIE,
];

/** The filter's configuration as a file that Envoy watches. */
export function filterResource(wasmPath: string, table: Uint8Array, version: string): object {
  const config = {
    name: "graphway.gateway",
    failure_policy: "FAIL_OPEN",
    vm_config: { vm_id: "graphway.gateway", runtime: "envoy.wasm.runtime.v8", code: { local: { filename: wasmPath } } },
    configuration: {
      "@type": "type.googleapis.com/google.protobuf.BytesValue",
      value: Buffer.from(table).toString("base64"),
    },
  };
  const resource = {
    "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
    name: "graphway.gateway",
    typed_config: { "@type": WASM, config },
  };
  return { version_info: version, resources: [resource] };
}

function cluster(name: string, port: number): object {
  const endpoint = { address: { socket_address: { address: "127.0.0.1", port_value: port } } };
  return {
    name,
    type: "STATIC",
    connect_timeout: "2s",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}

const MIRRORS = [1, 2].map((index) => ({
  cluster_header: `${HEADER_SHADOW_CLUSTER_PREFIX}${index}`,
  disable_shadow_host_suffix_append: true,
  request_headers_mutations: [
    { append: { header: { key: HEADER_SHADOW, value: "1" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" } },
    { remove_on_match: { key_matcher: { prefix: HEADER_SHADOW_CLUSTER_PREFIX } } },
  ],
}));
/** Hands the filter's cookie on to the client; nothing where there is none. */
const SET_COOKIE = {
  header: { key: "set-cookie", value: `%REQ(${HEADER_SET_COOKIE})%` },
  append_action: "APPEND_IF_EXISTS_OR_ADD",
  keep_empty_value: false,
};
const RETRY = { retry_on: "5xx", num_retries: 2 };
const ROUTES = [
  {
    match: { prefix: "/", headers: [{ name: HEADER_CLUSTER, present_match: true }] },
    route: { cluster_header: HEADER_CLUSTER, request_mirror_policies: MIRRORS, retry_policy: RETRY },
    response_headers_to_add: [SET_COOKIE],
  },
  { match: { prefix: "/" }, route: { cluster: "fallback", retry_policy: RETRY } },
];

const EARLY = {
  name: "envoy.http.early_header_mutation.header_mutation",
  typed_config: {
    "@type": `${TYPE}http.early_header_mutation.header_mutation.v3.HeaderMutation`,
    mutations: [
      ...INTERNAL.map((name) => ({ remove: name })),
      { remove_on_match: { key_matcher: { prefix: HEADER_SHADOW_CLUSTER_PREFIX } } },
    ],
  },
};

function listener(name: string, filters: readonly object[], early: readonly object[]): object {
  const router = {
    name: "envoy.filters.http.router",
    typed_config: { "@type": `${TYPE}filters.http.router.v3.Router` },
  };
  const manager = {
    "@type": `${TYPE}filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: name,
    generate_request_id: true,
    preserve_external_request_id: true,
    use_remote_address: true,
    early_header_mutation_extensions: early,
    http_filters: [...filters, router],
    route_config: { name, virtual_hosts: [{ name, domains: ["*"], routes: ROUTES }] },
  };
  return {
    name,
    address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
}

/** Sends everything to one cluster, as it comes and as the filter leaves it. */
function mirrored(filter: object): object {
  const { filter_chains: chains, ...rest } = listener("mirrored", [filter], []) as {
    readonly filter_chains: readonly { readonly filters: readonly { readonly typed_config: object }[] }[];
  };
  const filters = chains[0]?.filters.map((one) => {
    const routes = [{ match: { prefix: "/" }, route: { cluster: "fallback" } }];
    const asItComes = {
      generate_request_id: false,
      use_remote_address: false,
      forward_client_cert_details: "ALWAYS_FORWARD_ONLY",
      route_config: { name: "mirrored", virtual_hosts: [{ name: "mirrored", domains: ["*"], routes }] },
    };
    return { ...one, typed_config: { ...one.typed_config, ...asItComes } };
  });
  return { ...rest, filter_chains: [{ filters }] };
}

/**
 * An Envoy with two listeners of the same routes: `filtered` has our filter, from a file, and nothing else; `stripped` has
 * only the early removal of internal headers. So each of the two defences is seen alone. A third, `mirrored`, has the filter
 * and no decisions of its own.
 */
export function bootstrap(filterFile: string, clusters: Readonly<Record<string, number>>): object {
  const discovered = {
    name: "graphway.gateway",
    config_discovery: {
      config_source: { path_config_source: { path: filterFile }, resource_api_version: "V3" },
      type_urls: [WASM],
    },
  };
  return {
    node: { id: "test", cluster: "test" },
    admin: { address: { socket_address: { address: "127.0.0.1", port_value: 0 } } },
    static_resources: {
      listeners: [listener("filtered", [discovered], []), listener("stripped", [], [EARLY]), mirrored(discovered)],
      clusters: Object.entries(clusters).map(([name, port]) => cluster(name, port)),
    },
  };
}
