import { status } from "@grpc/grpc-js";
import type { ViewFor, XdsNode } from "../xds-server/node-view.ts";
import { StreamRefused } from "../xds-server/stream-refused.ts";

/** What a node says it is by the beginning of its id: `sidecar` and `router` are Istio's proxies, `gateway` is our own Envoy. */
export type NodeRole = "orchestrator" | "gateway" | "router" | "sidecar";

const ROLES: ReadonlySet<string> = new Set<NodeRole>(["orchestrator", "gateway", "router", "sidecar"]);

/** The role that a node claims; undefined: none that is known. */
export function roleOf({ id }: XdsNode): NodeRole | undefined {
  const role = id.slice(0, id.indexOf("~"));
  return ROLES.has(role) ? (role as NodeRole) : undefined;
}

/** Asks the views of the role that a node claims; who claims none of them is sent away. */
export function viewsByRole(
  views: Partial<Readonly<Record<NodeRole, ViewFor>>>,
  onRefused?: (nodeId: string, reason: string) => void,
): ViewFor {
  return (node, header, connection) => {
    const role = roleOf(node);
    const view = role && views[role];
    if (view !== undefined) return view(node, header, connection);
    const reason = `nothing is served here to ${role === undefined ? "nodes without a known role" : `the role ${role}`}`;
    onRefused?.(node.id, reason);
    throw new StreamRefused(status.PERMISSION_DENIED, reason);
  };
}
