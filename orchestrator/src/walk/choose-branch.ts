import { isBranch, type GraphNode } from "../graph/graph.ts";
import { chooseAb } from "../node/builtin/abtest.ts";
import { CallError } from "../execute/call-error.ts";
import { protocolOf } from "../protocol/protocols.ts";
import { noteReply } from "./note-reply.ts";
import type { Payload } from "../execute/payload.ts";
import type { Run } from "../execute/run.ts";
import type { Scope } from "../execute/scope.ts";

/**
 * Which children a request goes on to: -1 all, -2 none, else an index. A branch forced by the client, checked when it
 * was read, wins and spares the router's call. A router that names one out of range is a CallError.
 */
export async function chooseBranch(run: Run, node: GraphNode, request: Payload, scope: Scope): Promise<number> {
  if (node.choice === "all") return -1;
  const forced = run.forced.get(node.name);
  if (forced !== undefined) return chosen(run, node, "forced", forced);
  switch (node.choice) {
    case "abtest":
      return chosen(run, node, "abtest", chooseAb(node, run.random));
    case "simple-router":
      return chosen(run, node, "simple-router", 0);
    case "route": {
      const call = { node, operation: "route", payloads: [request], run, scope, answersClient: false } as const;
      const reply = await run.caller.call(call);
      noteReply(run, node, "route", reply);
      const route = await protocolOf(run.graph).readRoute(node.name, reply, run.caller.maxReplyBytes);
      if (isBranch(node, route)) return route;
      const message = `router ${node.name} chose branch ${route}, but has ${node.children.length} children`;
      throw new CallError("bad-route", message);
    }
  }
}

/** A choice without a call: only the path tells of it. */
function chosen(run: Run, node: GraphNode, operation: "forced" | "abtest" | "simple-router", branch: number): number {
  run.path?.push({ node: node.name, operation, branch, durationMs: 0 });
  return branch;
}
