import { HEADER_CLUSTER, HEADER_NAMESPACE, HEADER_SELDON } from "#proto/vocabulary/headers.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { urlPrefix } from "../../plan/urls.ts";
import { MEANT_FOR_FILTER } from "../client-headers.ts";
import { ECHOES, explainerRoutes, grpcRoutes, grpcTakeover, restRoutes, restTakeover } from "./deployment-routes.ts";
import { GATEWAY_NAME } from "./listener.ts";
import { memoized } from "./memo.ts";
import type { XdsOptions } from "./options.ts";
import { groupIndex, groupPlans, type PlanGroup } from "./plan-groups.ts";
import type { JsonObject, XdsResource } from "./resource.ts";
import { USUAL_RETRIES } from "./retry-policy.ts";
import { Bucket, joinedMap, MapEntry, reused } from "./reused.ts";
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
  readonly namespace: string;
  readonly rest: MapEntry;
  readonly grpc: MapEntry;
  /** Of the deployment itself. */
  readonly explainers: readonly MapEntry[];
}

const ownEntries = memoized((plan: DeploymentPlan): Entries => entriesOf(plan, []));

function entriesOf(plan: DeploymentPlan, takeovers: readonly DeploymentPlan[]): Entries {
  return entriesFor({ namespace: plan.namespace, name: plan.name, plan, takeovers });
}

function entriesFor({ namespace, name, plan, takeovers }: Addressee): Entries {
  const prefix = urlPrefix({ namespace, name });
  return {
    namespace,
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

/** Everybody that is asked for among these plans, with those that answer for them. */
function addressed(plans: readonly DeploymentPlan[], takers: readonly DeploymentPlan[]): readonly Entries[] {
  const takeovers = Map.groupBy(takers, takenKey);
  const entries = plans.map((plan) => {
    const others = takeovers.get(plan.key);
    takeovers.delete(plan.key);
    return others === undefined ? ownEntries(plan) : entriesOf(plan, others);
  });
  // Whose own deployment is not there.
  const absent = [...takeovers.values()].flatMap((others) => {
    const [first] = others;
    if (first?.takeover === undefined) return [];
    return [entriesFor({ namespace: first.namespace, name: first.takeover.deployment, takeovers: others })];
  });
  return [...entries, ...absent];
}

/** Key of the deployment that a plan answers some requests of. */
function takenKey({ namespace, takeover }: DeploymentPlan): string {
  return `${namespace}/${takeover?.deployment ?? ""}`;
}

const takersOf = memoized((group: PlanGroup) => group.filter(({ takeover }) => takeover !== undefined));

/** What requests to a host are looked up by: of one group, or of all. */
interface LookUps {
  /** By URL prefix. */
  readonly urls: readonly Bucket[];
  /** By namespace, then the name of the deployment. */
  readonly calls: ReadonlyMap<string, readonly Bucket[]>;
}

type HostsOf = RoutesBehind["hostsOf"];
type ByHost = ReadonlyMap<string, LookUps>;

const ownLookUps = memoized((hostsOf: HostsOf) => memoized((group: PlanGroup) => lookUpsOf(group, [], hostsOf)));

function lookUpsOf(group: PlanGroup, takers: readonly DeploymentPlan[], hostsOf: HostsOf): ByHost {
  const [plansBy, takersBy] = [group, takers].map((plans) => byHost(plans, hostsOf));
  const hosts = new Set([...(plansBy?.keys() ?? []), ...(takersBy?.keys() ?? [])]);
  const entries = [...hosts].map(
    (host) => [host, addressed(plansBy?.get(host) ?? [], takersBy?.get(host) ?? [])] as const,
  );
  return new Map(entries.map(([host, all]) => [host, bucketsFor(all)]));
}

function byHost(plans: readonly DeploymentPlan[], hostsOf: HostsOf): ReadonlyMap<string, readonly DeploymentPlan[]> {
  const found = new Map<string, DeploymentPlan[]>();
  for (const plan of plans) for (const host of hostsOf(plan)) addTo(found, host, plan);
  return found;
}

function bucketsFor(entries: readonly Entries[]): LookUps {
  const byNamespace = Map.groupBy(entries, ({ namespace }) => namespace);
  return {
    urls: [new Bucket(entries.flatMap(({ rest, explainers }) => [rest, ...explainers]))],
    calls: new Map([...byNamespace].map(([name, all]) => [name, [new Bucket(all.map(({ grpc }) => grpc))]])),
  };
}

/** Everything by host, `*` first. */
function allLookUps(plans: readonly DeploymentPlan[], hostsOf: HostsOf): ByHost {
  const groups = groupPlans(plans);
  const takers = groups.flatMap(takersOf).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const taken = Map.groupBy(takers, (taker) => groupIndex(takenKey(taker)));
  const found = new Map<string, { urls: Bucket[]; calls: Map<string, Bucket[]> }>();
  const at = (host: string): { urls: Bucket[]; calls: Map<string, Bucket[]> } => {
    const known = found.get(host) ?? { urls: [], calls: new Map<string, Bucket[]>() };
    found.set(host, known);
    return known;
  };
  at(ANY_HOST);
  groups.forEach((group, index) => {
    const others = taken.get(index);
    const own = others === undefined ? ownLookUps(hostsOf)(group) : lookUpsOf(group, others, hostsOf);
    for (const [host, { urls, calls }] of own) {
      const all = at(host);
      all.urls.push(...urls);
      for (const [namespace, buckets] of calls) for (const one of buckets) addTo(all.calls, namespace, one);
    }
  });
  return new Map([...found].sort(([a], [b]) => (a === ANY_HOST || (b !== ANY_HOST && a < b) ? -1 : 1)));
}

/** gRPC calls name deployment and namespace by metadata. */
function byMetadata(calls: LookUps["calls"]): JsonObject {
  const otherwise = take([GRPC_NOT_FOUND]);
  if (calls.size === 0) return otherwise;
  const entries = [...calls].map(([namespace, names]) => {
    const found = lookUp(HEADER_SELDON, "exact_match_map", joinedMap(names), otherwise);
    return [namespace, found] as const;
  });
  return lookUp(HEADER_NAMESPACE, "exact_match_map", { map: Object.fromEntries<JsonObject>(entries) }, otherwise);
}

/** Everything is found by maps: first the URL prefix, the longest one that fits, then for gRPC the metadata. */
function matcher({ urls, calls }: LookUps): JsonObject {
  const grpc = { map: { "application/grpc": byMetadata(calls) } };
  const others = lookUp("content-type", "prefix_match_map", grpc, take([REST_NOT_FOUND]));
  const found = urls.length === 0 ? others : lookUp(":path", "prefix_match_map", joinedMap(urls), others);
  return found["matcher"] as JsonObject;
}

function addTo<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}

function virtualHost(host: string, served: LookUps, options: XdsOptions): JsonObject {
  return {
    name: host,
    domains: [host],
    request_body_buffer_limit: options.bodyBufferLimitBytes,
    retry_policy: USUAL_RETRIES,
    matcher: matcher(served),
  };
}

/** A RouteConfiguration of its own: which deployments it has, and by which hosts. */
export interface RoutesBehind {
  readonly name: string;
  /** None: the deployment is not there. The same function says the same of the same plan. */
  readonly hostsOf: (plan: DeploymentPlan) => readonly string[];
}

/** The hosts that a deployment names itself. */
export function ownHosts({ hosts }: DeploymentPlan): readonly string[] {
  return hosts;
}

/** On every route: where Envoy was told to send a request, and what is for the filter, which has no table, has trapped or is away. */
const REMOVED: readonly string[] = [HEADER_CLUSTER, ...MEANT_FOR_FILTER];

const ALL: RoutesBehind = { name: GATEWAY_NAME, hostsOf: ownHosts };

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
  const body = {
    name,
    ignore_port_in_host_matching: true,
    request_headers_to_remove: REMOVED,
    response_headers_to_add: ECHOES,
    most_specific_header_mutations_wins: true,
    virtual_hosts: [...allLookUps(plans, hostsOf)].map(([host, served]) => virtualHost(host, served, options)),
  };
  return { typeUrl: TYPE.routeConfiguration, name, body };
}
