import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import { HEADER_CLUSTER, HEADER_PREFIX } from "#proto/vocabulary/headers.ts";
import { FILTER_PATH } from "../host/filter-file.ts";
import { inertModule } from "../host/small-module.ts";

const TYPE = "type.googleapis.com/envoy.extensions.";
const WASM = `${TYPE}filters.http.wasm.v3.Wasm`;

/** A listener that is measured. */
export interface Variant {
  readonly name: string;
  /** Deployments in the table; 0: no table of ours is asked. */
  readonly deployments: number;
  readonly filters: readonly object[];
  readonly route: object;
}

/** Of how many deployments the tables are, and how often the measured filter stands in a chain. */
export interface Sizes {
  readonly deployments: readonly number[];
  readonly copies: number;
}

function tableOf(deployments: number): RouteTable {
  const both = (cluster: string): { httpCluster: string; grpcCluster: string } => ({
    httpCluster: cluster,
    grpcCluster: cluster,
  });
  return {
    role: "gateway",
    generation: 1n,
    deployments: Array.from({ length: deployments }, (_, index) => ({
      key: `default/model-${index}`,
      permits: { force: [], explain: [] },
      stickyKeys: [],
      predictors: [
        { name: "main", weight: 75, ...both("main") },
        { name: "canary", weight: 25, ...both("canary") },
      ],
      rules: [],
      shadows: [],
    })),
  };
}

/** A Wasm filter that Envoy takes from a file, so that all its copies share one configuration. */
async function discovered(folder: string, name: string, wasm: string, table: Uint8Array): Promise<object> {
  const file = join(folder, `${name}.json`);
  const config = {
    name,
    vm_config: { vm_id: name, runtime: "envoy.wasm.runtime.v8", code: { local: { filename: wasm } } },
    configuration: {
      "@type": "type.googleapis.com/google.protobuf.BytesValue",
      value: Buffer.from(table).toString("base64"),
    },
  };
  const resource = {
    "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
    name,
    typed_config: { "@type": WASM, config },
  };
  await writeFile(file, JSON.stringify({ version_info: "1", resources: [resource] }));
  const source = { path_config_source: { path: file }, resource_api_version: "V3" };
  return { name, config_discovery: { config_source: source, type_urls: [WASM] } };
}

/** Envoy's own filter, taking away what a copy of ours has written: the next copy begins as the first did. */
const STRIP = {
  name: "strip",
  typed_config: {
    "@type": `${TYPE}filters.http.header_mutation.v3.HeaderMutation`,
    mutations: { request_mutations: [{ remove_on_match: { key_matcher: { prefix: HEADER_PREFIX } } }] },
  },
};

const STATIC = { cluster: "main" };
const WEIGHTED = {
  weighted_clusters: {
    clusters: [
      { name: "main", weight: 75 },
      { name: "canary", weight: 25 },
    ],
  },
};
const BY_HEADER = { cluster_header: HEADER_CLUSTER };

/** The name of a variant with strips before filters: `what` is inert, or ours with so many deployments. */
export function chainName(strips: number, filters: number, what: number | "inert"): string {
  const named = what === "inert" ? "inert" : `of ours, ${what} deployments`;
  return `${strips} strips, ${filters} ${named}`;
}

/** All that is compared. Copies stand in one chain, each after a filter that takes away what the one before has written. */
export async function variantsOf(folder: string, { deployments, copies }: Sizes): Promise<readonly Variant[]> {
  const inertFile = join(folder, "inert.wasm");
  await writeFile(inertFile, inertModule());
  const inert = await discovered(folder, "inert", inertFile, new Uint8Array([1]));
  const ours = await Promise.all(
    deployments.map(async (count) => ({
      count,
      filter: await discovered(folder, `ours-${count}`, FILTER_PATH, encodeRouteTable(tableOf(count))),
    })),
  );
  const chain = (filter: object, times: number): readonly object[] =>
    Array.from({ length: copies }, (_, index) => (index < copies - times ? [STRIP] : [STRIP, filter])).flat();
  return [
    { name: "static route", deployments: 0, filters: [], route: STATIC },
    { name: "weighted clusters", deployments: 0, filters: [], route: WEIGHTED },
    { name: "static route, inert filter", deployments: 0, filters: [inert], route: STATIC },
    ...ours.map(({ count, filter }) => ({
      name: `our filter, ${count} deployments`,
      deployments: count,
      filters: [filter],
      route: BY_HEADER,
    })),
    { name: chainName(copies, 0, "inert"), deployments: 0, filters: chain(inert, 0), route: STATIC },
    { name: chainName(copies, copies, "inert"), deployments: 0, filters: chain(inert, copies), route: STATIC },
    ...ours.flatMap(({ count, filter }) =>
      [1, copies].map((times) => ({
        name: chainName(copies, times, count),
        deployments: count,
        filters: chain(filter, times),
        route: BY_HEADER,
      })),
    ),
  ];
}

function listener({ name, filters, route }: Variant): object {
  const router = {
    name: "envoy.filters.http.router",
    typed_config: { "@type": `${TYPE}filters.http.router.v3.Router` },
  };
  const manager = {
    "@type": `${TYPE}filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: "bench",
    generate_request_id: true,
    http_filters: [...filters, router],
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route }] }] },
  };
  return {
    name,
    address: { socket_address: { address: "127.0.0.1", port_value: 0 } },
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
}

function cluster(name: string, port: number): object {
  const endpoint = { address: { socket_address: { address: "127.0.0.1", port_value: port } } };
  return {
    name,
    type: "STATIC",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    circuit_breakers: { thresholds: [{ max_requests: 100_000, max_pending_requests: 100_000 }] },
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": `${TYPE}upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  };
}

/** One Envoy with a listener for each variant, so that all share a worker, its memory and its clusters. */
export function benchBootstrap(variants: readonly Variant[], port: number): object {
  return {
    node: { id: "bench", cluster: "bench" },
    admin: { address: { socket_address: { address: "127.0.0.1", port_value: 0 } } },
    static_resources: {
      listeners: variants.map(listener),
      clusters: ["main", "canary"].map((name) => cluster(name, port)),
    },
  };
}
