import { status } from "@grpc/grpc-js";
import { TYPE } from "../../render/xds/type-urls.ts";
import { filterName, type FilterRole } from "../../render/xds/filter-config.ts";
import type { NodeView, ViewFor, XdsConnection } from "../xds-server/node-view.ts";
import { StreamRefused } from "../xds-server/stream-refused.ts";
import { lastMeshPeer } from "./forwarded-client-cert.ts";
import { isLoopback } from "./loopback.ts";
import { readMeshNode, type MeshNode } from "./mesh-node.ts";
import { identifyByToken } from "./token-identity.ts";
import type { TokenReviewer } from "./token-reviewer.ts";

/** How it is known which namespace a proxy of Istio is of. */
export type MeshIdentity =
  /** It is believed what it says, if it says one of these. Anyone who reaches the port can say so. */
  | { readonly kind: "scope"; readonly isOurs: (namespace: string) => boolean }
  /** By its mesh certificate, which the sidecar that stands before us has verified. */
  | { readonly kind: "peer" }
  /** By a service-account token that it shows. */
  | { readonly kind: "token"; readonly review: TokenReviewer };

export interface MeshViewOptions {
  readonly identity: MeshIdentity;
  /** Namespaces whose proxies may be gateways, whichever way they are known: a gateway sees deployments of all namespaces. */
  readonly hasGateways: (namespace: string) => boolean;
  /** Name in the store of the table that a proxy is to have. */
  readonly storedName: (node: MeshNode, role: FilterRole) => StoredName;
  /** Told why somebody was sent away. */
  readonly onRefused?: (nodeId: string, reason: string) => void;
}

/** A name in the store; or why there is no room for another. */
export type StoredName =
  { readonly kind: "name"; readonly name: string } | { readonly kind: "shortage"; readonly why: string };

/** Which filters run in a proxy. */
export const ROLES_OF: Readonly<Record<MeshNode["kind"], readonly FilterRole[]>> = {
  router: ["gateway"],
  sidecar: ["outbound", "inbound"],
};

/** What a proxy of Istio may see: the filters of its kind with the tables of its namespace, and nothing else. */
export function meshViews(options: MeshViewOptions): ViewFor {
  const { identity } = options;

  function viewOf(node: MeshNode, refuse: Refuse): NodeView {
    const names = new Map<string, string>();
    for (const role of ROLES_OF[node.kind]) {
      const stored = options.storedName(node, role);
      if (stored.kind === "shortage") refuse(status.RESOURCE_EXHAUSTED, stored.why);
      else names.set(filterName(role), stored.name);
    }
    const stored = new Set(names.values());
    return {
      sees: (typeUrl, name) => typeUrl === TYPE.filterConfig && stored.has(name),
      aliases: new Map([[TYPE.filterConfig, names]]),
    };
  }

  function proven(node: MeshNode, namespace: string, refuse: Refuse): NodeView {
    if (namespace === node.namespace) return viewOf(node, refuse);
    return refuse(status.PERMISSION_DENIED, `a proxy of namespace ${namespace} is served nothing of ${node.namespace}`);
  }

  return (xdsNode, header, connection) => {
    const refuse: Refuse = (code, reason) => {
      options.onRefused?.(xdsNode.id, reason);
      throw new StreamRefused(code, reason);
    };
    const node = readMeshNode(xdsNode);
    if (node === undefined) return refuse(status.PERMISSION_DENIED, "it does not say clearly which proxy it is");
    if (node.kind === "router" && !options.hasGateways(node.namespace))
      return refuse(status.PERMISSION_DENIED, `namespace ${node.namespace} is not one of those with gateways`);
    switch (identity.kind) {
      case "scope":
        if (node.kind === "router" || identity.isOurs(node.namespace)) return viewOf(node, refuse);
        return refuse(status.PERMISSION_DENIED, `the word of proxies of namespace ${node.namespace} does not count`);
      case "peer":
        return proven(node, peerOf(connection, refuse), refuse);
      case "token":
        return identifyByToken(header("authorization"), identity.review, refuse).then((account) =>
          proven(node, account.namespace, refuse),
        );
    }
  };
}

type Refuse = (code: status, reason: string) => never;

/** Only our own sidecar reaches us by loopback, and only its word about the peer counts. */
function peerOf(connection: XdsConnection | undefined, refuse: Refuse): string {
  if (connection === undefined || !isLoopback(connection.address))
    return refuse(status.UNAUTHENTICATED, "it did not come through our own sidecar");
  const peer = lastMeshPeer(connection.headers("x-forwarded-client-cert"));
  if (peer === undefined) return refuse(status.UNAUTHENTICATED, "our sidecar verified no certificate of the mesh");
  return peer.namespace;
}
