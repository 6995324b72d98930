import { status } from "@grpc/grpc-js";
import { filterName } from "../../render/xds/filter-config.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import type { NodeView, ViewFor, XdsNode } from "../xds-server/node-view.ts";
import { StreamRefused } from "../xds-server/stream-refused.ts";
import type { ServiceAccount, TokenReviewer } from "./token-reviewer.ts";

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

const GATEWAY_TYPES: ReadonlySet<string> = new Set([
  TYPE.cluster,
  TYPE.endpoints,
  TYPE.listener,
  TYPE.routeConfiguration,
  TYPE.secret,
]);

const VIEW: NodeView = {
  sees: (typeUrl, name) =>
    GATEWAY_TYPES.has(typeUrl) || (typeUrl === TYPE.filterConfig && name === STORED_GATEWAY_FILTER),
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

  async function review(nodeId: string, token: string | undefined, ask: TokenReviewer): Promise<ServiceAccount> {
    if (token === undefined) return refuse(nodeId, status.UNAUTHENTICATED, "no token was shown");
    let account: ServiceAccount | undefined;
    try {
      account = await ask(token);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return refuse(nodeId, status.UNAVAILABLE, `the token can't be reviewed: ${reason}`);
    }
    return account ?? refuse(nodeId, status.UNAUTHENTICATED, "the token is not valid for us");
  }

  return (node, header) => {
    const claim = readGatewayNode(node);
    if (claim === undefined)
      return refuse(node.id, status.PERMISSION_DENIED, "a gateway is named gateway~<namespace>~<name>~<pod>");
    if (reviewToken === undefined) return VIEW;
    const token = /^Bearer +(\S+)$/i.exec(header("authorization") ?? "")?.[1];
    return review(node.id, token, reviewToken).then(({ namespace, name, pod }) => {
      const isOurs = namespace === serviceAccount.namespace && name === serviceAccount.name;
      if (isOurs && namespace === claim.namespace && (pod === undefined || pod === claim.pod)) return VIEW;
      return refuse(node.id, status.PERMISSION_DENIED, `a token of ${namespace}/${name} is not this gateway's`);
    });
  };
}
