import { HEADER_CLUSTER, HEADER_NAMESPACE, HEADER_SELDON } from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { urlPrefix } from "../../plan/urls.ts";
import { ECHOES, explainerRoutes, grpcRoutes, grpcTakeover, restRoutes, restTakeover } from "./deployment-routes.ts";
import { GATEWAY_NAME } from "./listener.ts";
import { memoized, memoizedList } from "./memo.ts";
import type { XdsOptions } from "./options.ts";
import type { JsonObject, XdsResource } from "./resource.ts";
import { USUAL_RETRIES } from "./retry-policy.ts";
import { joinedMap, MapEntry, reused } from "./reused.ts";
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
const GRPC_NOT_FOUND: JsonObject = reused({
  match: { prefix: "/" },
  direct_response: {
    status: 404,
    body: { inline_string: `${UNKNOWN_DEPLOYMENT}: check the metadata "seldon" and "namespace"` },
  },
  response_headers_to_add: [responseHeader("grpc-status", "5")],
});

/** Answer to any other request that no deployment takes. */
const REST_NOT_FOUND: JsonObject = reused({
  match: { prefix: "/" },
  direct_response: { status: 404, body: { inline_string: NOT_FOUND_BODY } },
  response_headers_to_add: [responseHeader("content-type", "application/json")],
});

function take(routes: readonly JsonObject[]): JsonObject {
  return { action: { name: "routes", typed_config: { "@type": TYPE.routeList, routes } } };
}

type MapKind = "prefix_match_map" | "exact_match_map";

/** A lookup by one header. Envoy refuses an empty map. */
function lookUp(header: string, kind: MapKind, map: JsonObject, otherwise: JsonObject): JsonObject {
  const input = { name: header, typed_config: { "@type": TYPE.headerMatchInput, header_name: header } };
  return { matcher: { matcher_tree: { input, [kind]: map }, on_no_match: otherwise } };
}

/** A name that requests are addressed to: its deployment, where there is one, and those that answer some of them. */
interface Addressee {
  readonly namespace: string;
  readonly name: string;
  readonly plan?: DeploymentPlan;
  readonly takeovers: readonly DeploymentPlan[];
}

/** What a request for the addressee is looked up by, and its routes: once per plan that nobody answers for. */
interface Entries {
  readonly rest: MapEntry;
  readonly grpc: MapEntry;
  /** Of the deployment itself. */
  readonly explainers: readonly MapEntry[];
}

const ownEntries = memoizedList((plan: DeploymentPlan): Entries => entriesOf(plan, []));

function entriesOf(plan: DeploymentPlan, takeovers: readonly DeploymentPlan[]): Entries {
  return entriesFor({ namespace: plan.namespace, name: plan.name, plan, takeovers });
}

function entriesFor({ namespace, name, plan, takeovers }: Addressee): Entries {
  const prefix = urlPrefix({ namespace, name });
  return {
    rest: new MapEntry(prefix, () => {
      const taken = takeovers.flatMap((one) => restTakeover(one, prefix));
      return take([...taken, ...(plan === undefined ? [REST_NOT_FOUND] : restRoutes(plan))]);
    }),
    grpc: new MapEntry(name, () => {
      const taken = takeovers.flatMap(grpcTakeover);
      return take([...taken, ...(plan === undefined ? [GRPC_NOT_FOUND] : grpcRoutes(plan))]);
    }),
    explainers: plan === undefined ? NONE : explainersOf(plan),
  };
}

const NONE: readonly MapEntry[] = [];
const explainerEntries = memoized((plan: DeploymentPlan): readonly MapEntry[] =>
  explainerRoutes(plan).map(([prefix, route]) => new MapEntry(prefix, () => take([route]))),
);

function explainersOf(plan: DeploymentPlan): readonly MapEntry[] {
  return plan.predictors.some((one) => one.explainer !== undefined) ? explainerEntries(plan) : NONE;
}

/** Everybody, by namespace. */
function byNamespace(plans: readonly DeploymentPlan[]): ReadonlyMap<string, readonly Entries[]> {
  const takeovers = Map.groupBy(
    plans.filter((plan) => plan.takeover !== undefined),
    (plan) => `${plan.namespace}/${plan.takeover?.deployment ?? ""}`,
  );
  const found = new Map<string, Entries[]>();
  const own = ownEntries(plans);
  plans.forEach((plan, index) => {
    const others = takeovers.get(plan.key);
    const entries = others === undefined ? own[index] : entriesOf(plan, others);
    if (entries !== undefined) addTo(found, plan.namespace, entries);
    takeovers.delete(plan.key);
  });
  // Whose own deployment is not there.
  for (const [first, ...rest] of takeovers.values()) {
    if (first?.takeover === undefined) continue;
    const { namespace, takeover } = first;
    addTo(found, namespace, entriesFor({ namespace, name: takeover.deployment, takeovers: [first, ...rest] }));
  }
  return found;
}

/** gRPC calls name deployment and namespace by metadata. */
function byMetadata(namespaces: ReadonlyMap<string, readonly Entries[]>): JsonObject {
  const otherwise = take([GRPC_NOT_FOUND]);
  if (namespaces.size === 0) return otherwise;
  const entries = [...namespaces].map(([namespace, all]) => {
    const names = joinedMap(all.map(({ grpc }) => grpc));
    const found = lookUp(HEADER_SELDON, "exact_match_map", names, otherwise);
    return [namespace, found] as const;
  });
  return lookUp(HEADER_NAMESPACE, "exact_match_map", { map: Object.fromEntries<JsonObject>(entries) }, otherwise);
}

/** Everything is found by maps: first the URL prefix, the longest one that fits, then for gRPC the metadata. */
function matcher(plans: readonly DeploymentPlan[]): JsonObject {
  const namespaces = byNamespace(plans);
  const entries = [...namespaces.values()].flat();
  const deployments = entries.map(({ rest }) => rest);
  const explainers = entries.filter((one) => one.explainers.length > 0).flatMap((one) => one.explainers);
  const grpc = { map: { "application/grpc": byMetadata(namespaces) } };
  const others = lookUp("content-type", "prefix_match_map", grpc, take([REST_NOT_FOUND]));
  const urls = [...deployments, ...explainers];
  const found = urls.length === 0 ? others : lookUp(":path", "prefix_match_map", joinedMap(urls), others);
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
    retry_policy: USUAL_RETRIES,
    matcher: matcher(plans),
  };
}

/** A RouteConfiguration of its own: which deployments it has, and by which hosts. */
export interface RoutesBehind {
  readonly name: string;
  /** None: the deployment is not there. */
  readonly hostsOf: (plan: DeploymentPlan) => readonly string[];
}

const ALL: RoutesBehind = { name: GATEWAY_NAME, hostsOf: (plan) => plan.hosts };

/**
 * All routes of the gateway. A deployment without `seldon.io/istio-host` answers to every host that no other deployment
 * names; finding a route does not take longer with more deployments. What was rendered and encoded for a plan is kept as
 * long as the plan.
 */
export function renderRouteConfiguration(
  plans: readonly DeploymentPlan[],
  options: XdsOptions,
  { name, hostsOf }: RoutesBehind = ALL,
): XdsResource {
  const byHost = new Map<string, DeploymentPlan[]>([[ANY_HOST, []]]);
  for (const plan of plans) {
    for (const host of hostsOf(plan)) addTo(byHost, host, plan);
  }
  const body = {
    name,
    ignore_port_in_host_matching: true,
    request_headers_to_remove: [HEADER_CLUSTER],
    response_headers_to_add: ECHOES,
    most_specific_header_mutations_wins: true,
    virtual_hosts: [...byHost].map(([host, served]) => virtualHost(host, served, options)),
  };
  return { typeUrl: TYPE.routeConfiguration, name, body };
}
