import { HEADER_CLUSTER, HEADER_NAMESPACE, HEADER_SELDON } from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { urlPrefix } from "../../plan/urls.ts";
import { ECHOES, explainerRoutes, grpcRoutes, grpcTakeover, restRoutes, restTakeover } from "./deployment-routes.ts";
import { GATEWAY_NAME } from "./listener.ts";
import type { XdsOptions } from "./options.ts";
import type { JsonObject, XdsResource } from "./resource.ts";
import { TYPE } from "./type-urls.ts";

const ANY_HOST = "*";
const UNKNOWN_DEPLOYMENT = "no such SeldonDeployment here";

/** What a REST client of an unknown deployment reads, in the shape of Seldon's own errors. */
const NOT_FOUND_BODY = JSON.stringify({
  status: {
    code: 404,
    info: `${UNKNOWN_DEPLOYMENT}: check /seldon/<namespace>/<name>/`,
    reason: "NOT_FOUND",
    status: "FAILURE",
  },
});

function responseHeader(key: string, value: string): JsonObject {
  return { header: { key, value }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" };
}

/** Answer to a gRPC call that no deployment takes: status NOT_FOUND. */
const GRPC_NOT_FOUND: JsonObject = {
  match: { prefix: "/" },
  direct_response: {
    status: 404,
    body: { inline_string: `${UNKNOWN_DEPLOYMENT}: check the metadata "seldon" and "namespace"` },
  },
  response_headers_to_add: [responseHeader("grpc-status", "5")],
};

/** Answer to any other request that no deployment takes. */
const REST_NOT_FOUND: JsonObject = {
  match: { prefix: "/" },
  direct_response: { status: 404, body: { inline_string: NOT_FOUND_BODY } },
  response_headers_to_add: [responseHeader("content-type", "application/json")],
};

function take(routes: readonly JsonObject[]): JsonObject {
  return { action: { name: "routes", typed_config: { "@type": TYPE.routeList, routes } } };
}

type MapKind = "prefix_match_map" | "exact_match_map";

/** A lookup by one header. Envoy refuses an empty map, so that one is only its `otherwise`. */
function lookUp(header: string, kind: MapKind, map: JsonObject, otherwise: JsonObject): JsonObject {
  if (Object.keys(map).length === 0) return otherwise;
  const input = { name: header, typed_config: { "@type": TYPE.headerMatchInput, header_name: header } };
  return { matcher: { matcher_tree: { input, [kind]: { map } }, on_no_match: otherwise } };
}

/** A name that requests are addressed to: its deployment, where there is one, and those that answer some of them. */
interface Addressee {
  readonly namespace: string;
  readonly name: string;
  readonly plan?: DeploymentPlan;
  readonly takeovers: readonly DeploymentPlan[];
}

function addressees(plans: readonly DeploymentPlan[]): readonly Addressee[] {
  const takeovers = Map.groupBy(
    plans.filter((plan) => plan.takeover !== undefined),
    (plan) => `${plan.namespace}/${plan.takeover?.deployment ?? ""}`,
  );
  const own = plans.map((plan): Addressee => ({
    namespace: plan.namespace,
    name: plan.name,
    plan,
    takeovers: takeovers.get(`${plan.namespace}/${plan.name}`) ?? [],
  }));
  const known = new Set(plans.map((plan) => `${plan.namespace}/${plan.name}`));
  const orphans = [...takeovers].filter(([key]) => !known.has(key));
  const others = orphans.flatMap(([, [first, ...rest]]): readonly Addressee[] => {
    if (first?.takeover === undefined) return [];
    return [{ namespace: first.namespace, name: first.takeover.deployment, takeovers: [first, ...rest] }];
  });
  return [...own, ...others];
}

function restOf({ plan, takeovers, ...named }: Addressee): JsonObject {
  const taken = takeovers.flatMap((one) => restTakeover(one, urlPrefix(named)));
  return take([...taken, ...(plan === undefined ? [REST_NOT_FOUND] : restRoutes(plan))]);
}

function grpcOf({ plan, takeovers }: Addressee): JsonObject {
  return take([...takeovers.flatMap(grpcTakeover), ...(plan === undefined ? [GRPC_NOT_FOUND] : grpcRoutes(plan))]);
}

/** gRPC calls name deployment and namespace by metadata. */
function byMetadata(all: readonly Addressee[]): JsonObject {
  const byName = Map.groupBy(all, (one) => one.name);
  const names = [...byName].map(([name, sameName]) => {
    const namespaces = sameName.map((one) => [one.namespace, grpcOf(one)] as const);
    const byNamespace = Object.fromEntries<JsonObject>(namespaces);
    return [name, lookUp(HEADER_NAMESPACE, "exact_match_map", byNamespace, take([GRPC_NOT_FOUND]))] as const;
  });
  return lookUp(HEADER_SELDON, "exact_match_map", Object.fromEntries<JsonObject>(names), take([GRPC_NOT_FOUND]));
}

/** Everything is found by maps: first the URL prefix, the longest one that fits, then for gRPC the metadata. */
function matcher(plans: readonly DeploymentPlan[]): JsonObject {
  const all = addressees(plans);
  const deployments = all.map((one) => [urlPrefix(one), restOf(one)] as const);
  const explainers = plans.flatMap(explainerRoutes).map(([prefix, route]) => [prefix, take([route])] as const);
  const urls = Object.fromEntries<JsonObject>([...deployments, ...explainers]);
  const rest = lookUp(
    "content-type",
    "prefix_match_map",
    { "application/grpc": byMetadata(all) },
    take([REST_NOT_FOUND]),
  );
  const found = lookUp(":path", "prefix_match_map", urls, rest);
  // One of the maps above is never empty, so this is always a matcher.
  return found["matcher"] as JsonObject;
}

function addTo<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}

function virtualHost(host: string, plans: readonly DeploymentPlan[], options: XdsOptions): JsonObject {
  return {
    name: host,
    domains: [host],
    request_body_buffer_limit: options.bodyBufferLimitBytes,
    matcher: matcher(plans),
  };
}

/**
 * All routes of the gateway. A deployment without `seldon.io/istio-host` answers to every host that no other deployment
 * names; finding a route does not take longer with more deployments.
 */
export function renderRouteConfiguration(plans: readonly DeploymentPlan[], options: XdsOptions): XdsResource {
  const byHost = new Map<string, DeploymentPlan[]>([[ANY_HOST, []]]);
  for (const plan of plans) {
    for (const host of plan.hosts) addTo(byHost, host, plan);
  }
  const virtualHosts = [...byHost].map(([host, served]) => virtualHost(host, served, options));
  const body = {
    name: GATEWAY_NAME,
    ignore_port_in_host_matching: true,
    request_headers_to_remove: [HEADER_CLUSTER],
    response_headers_to_add: ECHOES,
    most_specific_header_mutations_wins: true,
    virtual_hosts: virtualHosts,
  };
  return { typeUrl: TYPE.routeConfiguration, name: GATEWAY_NAME, body };
}
