import { status } from "@grpc/grpc-js";
import { filterName } from "../../render/xds/filter-config.ts";
import { RATE_LIMITS_NAME } from "../../render/xds/rate-limits.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { NodeView, ViewFor, XdsNode } from "../xds-server/node-view.ts";
import { StreamRefused } from "../xds-server/stream-refused.ts";
import { identifyByToken } from "./token-identity.ts";
import type { TokenReviewer } from "./token-reviewer.ts";

export interface GatewayViewOptions {
  /** Undefined: what a node says of itself is believed. */
  readonly reviewToken: TokenReviewer | undefined;
  /** Whose tokens are taken. */
  readonly serviceAccount: { readonly namespace: string; readonly name: string };
  /** Told why somebody was sent away. */
  readonly onRefused?: (nodeId: string, reason: string) => void;
}

/** Name in the store of the filter with the table of our own gateways; to them it is `graphway.gateway`. */
export const STORED_GATEWAY_FILTER = `gateway/${filterName("gateway")}`;

/** Filters that gateways fetch, by their names in the store. */
const GATEWAY_FILTERS: ReadonlySet<string> = new Set([STORED_GATEWAY_FILTER, RATE_LIMITS_NAME]);

const GATEWAY_TYPES: ReadonlySet<string> = new Set([
  TYPE.cluster,
  TYPE.endpoints,
  TYPE.listener,
  TYPE.routeConfiguration,
  TYPE.secret,
]);

const VIEW: NodeView = {
  sees: (typeUrl, name) => GATEWAY_TYPES.has(typeUrl) || (typeUrl === TYPE.filterConfig && GATEWAY_FILTERS.has(name)),
  aliases: new Map([[TYPE.filterConfig, new Map([[filterName("gateway"), STORED_GATEWAY_FILTER]])]]),
};

/** A gateway's word about itself: `gateway~<namespace>~<name>~<pod>`; undefined: it is none. */
export function readGatewayNode({ id }: XdsNode): { readonly namespace: string; readonly pod: string } | undefined {
  const [role, namespace, name, pod, ...rest] = id.split("~");
  return role === "gateway" && namespace && name && pod && rest.length === 0 ? { namespace, pod } : undefined;
}

/**
 * What our own gateways may see: everything that is served to gateways, certificates included. Who wants it shows a token
 * of the gateways' service account, and of the very pod that it says it is.
 */
export function gatewayViews({ reviewToken, serviceAccount, onRefused }: GatewayViewOptions): ViewFor {
  function refuse(nodeId: string, code: status, reason: string): never {
    onRefused?.(nodeId, reason);
    throw new StreamRefused(code, reason);
  }

  return (node, header) => {
    const claim = readGatewayNode(node);
    if (claim === undefined)
      return refuse(node.id, status.PERMISSION_DENIED, "a gateway is named gateway~<namespace>~<name>~<pod>");
    if (reviewToken === undefined) return VIEW;
    const refuseNode = (code: status, reason: string): never => refuse(node.id, code, reason);
    return identifyByToken(header("authorization"), reviewToken, refuseNode).then(({ namespace, name, pod }) => {
      const isOurs = namespace === serviceAccount.namespace && name === serviceAccount.name;
      if (isOurs && namespace === claim.namespace && (pod === undefined || pod === claim.pod)) return VIEW;
      return refuse(node.id, status.PERMISSION_DENIED, `a token of ${namespace}/${name} is not this gateway's`);
    });
  };
}
