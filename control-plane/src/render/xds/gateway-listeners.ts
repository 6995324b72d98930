import { createHash } from "node:crypto";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { OVER_ADS } from "./config-source.ts";
import { renderListener } from "./listener.ts";
import { completeOptions, type XdsOptions } from "./options.ts";
import { renderRateLimits } from "./rate-limits.ts";
import type { JsonObject, XdsResource } from "./resource.ts";
import { ownHosts, renderRouteConfiguration, type RoutesBehind } from "./route-configuration.ts";
import { TYPE } from "./type-urls.ts";

/** A port of our gateway and what is asked for there. */
export interface GatewayPort {
  /** Where Envoy listens. */
  readonly port: number;
  /** Present: clients speak TLS. */
  readonly tls?: readonly TlsChain[];
  readonly doors: readonly GatewayDoor[];
}

/** Which certificates a client is shown that asks for one of these names; no name: for any other. */
export interface TlsChain {
  readonly serverNames: readonly string[];
  /** Names of SDS secrets. */
  readonly secrets: readonly string[];
}

/** Hosts that are answered on a port, and by which deployments. */
export interface GatewayDoor {
  /** A name, `*.` and a name, or `*`. */
  readonly host: string;
  /** Undefined: all. */
  readonly deployments?: ReadonlySet<string>;
}

const ANY = "*";

type HostsOf = RoutesBehind["hostsOf"];

/** Of the last call: where the doors are the same as then, so is the function. */
let hostsByName: ReadonlyMap<string, HostsOf> = new Map();

/** The listeners of our gateway, their routes, and the rate limits. Ports with the same doors share their routes. */
export function renderGatewayListeners(
  ports: readonly GatewayPort[],
  plans: readonly DeploymentPlan[],
  options: Partial<XdsOptions> = {},
): readonly XdsResource[] {
  const settings = completeOptions(options);
  const routes = new Map<string, XdsResource>();
  const hostsNow = new Map<string, HostsOf>();
  const listeners = ports.map((port) => {
    const name = routesName(port.doors);
    const hostsOf = hostsByName.get(name) ?? hostsThrough(port.doors);
    hostsNow.set(name, hostsOf);
    if (!routes.has(name)) routes.set(name, renderRouteConfiguration(plans, settings, { name, hostsOf }));
    return listenerOn(port, name, settings);
  });
  hostsByName = hostsNow;
  return [...listeners, ...routes.values(), renderRateLimits(plans)];
}

function routesName(doors: readonly GatewayDoor[]): string {
  const said = doors.map(({ host, deployments }) => [host, deployments && [...deployments].sort()]);
  return `graphway-${createHash("sha256").update(JSON.stringify(said)).digest("hex").slice(0, 8)}`;
}

function hostsThrough(doors: readonly GatewayDoor[]): HostsOf {
  const isOpen = doors.some(({ host, deployments }) => host === ANY && deployments === undefined);
  return isOpen ? ownHosts : (plan) => hostsBehind(plan, doors);
}

/** The hosts by which a deployment is reached through these doors. */
export function hostsBehind(
  { key, hosts }: Pick<DeploymentPlan, "key" | "hosts">,
  doors: readonly GatewayDoor[],
): readonly string[] {
  const open = doors.filter(({ deployments }) => deployments === undefined || deployments.has(key));
  return [...new Set(open.flatMap((door) => hosts.flatMap((host) => commonHost(host, door.host) ?? [])))];
}

/** The narrower of two hosts, if one lies within the other. */
function commonHost(one: string, other: string): string | undefined {
  if (isWithin(one, other)) return one;
  return isWithin(other, one) ? other : undefined;
}

function isWithin(host: string, outer: string): boolean {
  if (outer === ANY || host === outer) return true;
  return outer.startsWith("*.") && host !== ANY && host.endsWith(outer.slice(1));
}

/** What the listener on a port of Envoy is called. */
export function listenerName(port: number): string {
  return `graphway-${String(port)}`;
}

function listenerOn({ port, tls }: GatewayPort, routes: string, settings: XdsOptions): XdsResource {
  const name = listenerName(port);
  const { typeUrl, body } = renderListener({ ...settings, port });
  const filters = filtersOf(body).map((filter) => withRoutes(filter, routes, tls !== undefined));
  if (tls === undefined) return { typeUrl, name, body: { ...body, name, filter_chains: [{ filters }] } };
  const inspector = { name: "envoy.filters.listener.tls_inspector", typed_config: { "@type": TYPE.tlsInspector } };
  const chains = tls.map((chain) => tlsChain(chain, filters));
  return { typeUrl, name, body: { ...body, name, listener_filters: [inspector], filter_chains: chains } };
}

function filtersOf(listener: JsonObject): readonly JsonObject[] {
  const [chain] = listener["filter_chains"] as readonly JsonObject[];
  return chain?.["filters"] as readonly JsonObject[];
}

function withRoutes(filter: JsonObject, routes: string, isTls: boolean): JsonObject {
  const config = filter["typed_config"] as JsonObject;
  if (config["@type"] !== TYPE.connectionManager) return filter;
  const rds = { ...(config["rds"] as JsonObject), route_config_name: routes };
  // Told by the connection, so that a client can't say otherwise.
  const scheme = isTls ? { scheme_header_transformation: { scheme_to_overwrite: "https" } } : {};
  return { ...filter, typed_config: { ...config, rds, ...scheme } };
}

function tlsChain({ serverNames, secrets }: TlsChain, filters: readonly JsonObject[]): JsonObject {
  const context = {
    tls_params: { tls_minimum_protocol_version: "TLSv1_2" },
    tls_certificate_sds_secret_configs: secrets.map((name) => ({ name, sds_config: OVER_ADS })),
    alpn_protocols: ["h2", "http/1.1"],
  };
  return {
    ...(serverNames.length === 0 ? {} : { filter_chain_match: { server_names: serverNames } }),
    filters,
    transport_socket: {
      name: "envoy.transport_sockets.tls",
      typed_config: { "@type": TYPE.downstreamTls, common_tls_context: context },
    },
  };
}

/** A certificate with its key, for SDS. Texts are PEM. */
export function renderCertificate(name: string, chain: string, key: string): XdsResource {
  const certificate = { certificate_chain: { inline_string: chain }, private_key: { inline_string: key } };
  return { typeUrl: TYPE.secret, name, body: { name, tls_certificate: certificate } };
}
