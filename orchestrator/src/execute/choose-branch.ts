import type { GraphNode } from "../graph/graph.ts";
import { chooseAb } from "../node/builtin/abtest.ts";
import { CallError } from "./call-error.ts";
import { protocolOf } from "../protocol/protocols.ts";
import type { Payload } from "./payload.ts";
import type { Run } from "./run.ts";
import type { Scope } from "./scope.ts";

/**
 * Which children a request goes on to: -1 all, -2 none, else an index. A branch forced by the client wins and spares
 * the router's call. Anything out of range is a CallError.
 */
export async function chooseBranch(run: Run, node: GraphNode, request: Payload, scope: Scope): Promise<number> {
  if (node.choice === "all") return -1;
  const forced = run.forced.get(node.name);
  if (forced !== undefined) return checkedForce(node, forced);
  switch (node.choice) {
    case "abtest":
      return chooseAb(node, run.random);
    case "simple-router":
      return 0;
    case "route": {
      const call = { node, operation: "route", payloads: [request], run, scope, answersClient: false } as const;
      const reply = await run.caller.call(call);
      const route = await protocolOf(run.graph).readRoute(node.name, reply, run.caller.maxReplyBytes);
      if (isBranch(node, route)) return route;
      const message = `router ${node.name} chose branch ${route}, but has ${node.children.length} children`;
      throw new CallError("bad-route", message);
    }
  }
}

function checkedForce(node: GraphNode, forced: number): number {
  if (isBranch(node, forced)) return forced;
  const message = `branch ${forced} was asked of ${node.name}, which has ${node.children.length} children`;
  throw new CallError("bad-request", message);
}

/** True for -1 (all), -2 (none) and every index of a child. */
export function isBranch(node: GraphNode, route: number): boolean {
  return Number.isInteger(route) && route >= -2 && route < node.children.length;
}
