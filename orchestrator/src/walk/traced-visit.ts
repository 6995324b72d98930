import type { GraphNode } from "../graph/graph.ts";
import type { RequestTrace } from "../execute/request-trace.ts";
import { asCallError } from "../execute/call-error.ts";

/** Walks a node below a span of its own. */
export async function traceVisit<T>(trace: RequestTrace, node: GraphNode, visit: () => Promise<T>): Promise<T> {
  trace.enter(node);
  try {
    const result = await visit();
    trace.leave(node);
    return result;
  } catch (error) {
    const failure = asCallError(error);
    trace.leave(node, failure);
    throw failure;
  }
}
