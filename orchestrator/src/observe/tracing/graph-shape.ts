import type { Graph, GraphNode } from "../../graph/graph.ts";

/** What spans need to know of a graph, worked out once per version of it. By `GraphNode.index`. */
export interface GraphShape {
  /** -1 for the root. */
  readonly parents: readonly number[];
  /**
   * Whether a visit has a span of its own. A visit that is one call and nothing else has none: the call's span says
   * all there is to say, and stands directly below its caller, as Seldon's do.
   */
  readonly hasVisitSpan: readonly boolean[];
}

const SHAPES = new WeakMap<Graph, GraphShape>();

export function shapeOf(graph: Graph): GraphShape {
  let shape = SHAPES.get(graph);
  if (shape === undefined) {
    shape = readShape(graph);
    SHAPES.set(graph, shape);
  }
  return shape;
}

function readShape(graph: Graph): GraphShape {
  const parents = graph.nodes.map(() => -1);
  for (const node of graph.nodes) for (const child of node.children) parents[child.index] = node.index;
  return {
    parents,
    hasVisitSpan: graph.nodes.map(hasVisitSpan),
  };
}

function hasVisitSpan(node: GraphNode): boolean {
  const isOneCall = node.input === "none" || !node.transformsOutput;
  return node.children.length > 0 || node.runs.in === "builtin" || !isOneCall;
}
