import { TYPE } from "../../render/xds/type-urls.ts";

/** What the protocol makes of a resource type. */
export interface ResourceTypeRules {
  /** A first request without names asks for everything. */
  readonly legacyWildcard: boolean;
  /** The client may be told that a resource is gone. Envoy hangs or answers 500 if told so of other types. */
  readonly removable: boolean;
}

const COLLECTION: ResourceTypeRules = { legacyWildcard: true, removable: true };
const NAMED: ResourceTypeRules = { legacyWildcard: false, removable: false };

/** The rules of a type; types without rules of their own are asked for by name and never removed. */
export function rulesOf(typeUrl: string): ResourceTypeRules {
  return typeUrl === TYPE.cluster || typeUrl === TYPE.listener ? COLLECTION : NAMED;
}

/** The order in which the types of one stream are sent: what is named before what names it. */
const SENDING_ORDER: readonly string[] = [
  TYPE.cluster,
  TYPE.endpoints,
  TYPE.listener,
  TYPE.routeConfiguration,
  TYPE.filterConfig,
];

/** Place of a type in the sending order; the unknown come last. */
export function sendingRank(typeUrl: string): number {
  const rank = SENDING_ORDER.indexOf(typeUrl);
  return rank < 0 ? SENDING_ORDER.length : rank;
}

/** Types whose resources name clusters: they wait for new clusters, and removed clusters wait for them. */
export function namesClusters(typeUrl: string): boolean {
  return typeUrl === TYPE.listener || typeUrl === TYPE.routeConfiguration || typeUrl === TYPE.filterConfig;
}
