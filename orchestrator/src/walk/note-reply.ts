import type { GraphNode } from "../graph/graph.ts";
import type { Payload } from "../execute/payload.ts";
import type { Operation, Run } from "../execute/run.ts";

/** Keeps what a reply says in its `meta`, where the graph's answer will say it too. */
export function noteReply(run: Run, node: GraphNode, operation: Operation, reply: Payload): void {
  if (run.meta.kind === "merged") run.meta.replies.add(node, operation, reply);
}
