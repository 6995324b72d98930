import type { Graph, GraphNode } from "../../graph/graph.ts";
import type { AttributeValue } from "./span.ts";

/** What spans need to know of a graph, worked out once per version of it. By `GraphNode.index`. */
export interface GraphShape {
  /** -1 for the root. */
  readonly parents: readonly number[];
  /**
   * Whether a visit has a span of its own. A visit that is one call and nothing else has none: the call's span says
   * all there is to say, and stands directly below its caller, as Seldon's do.
   */
  readonly hasVisitSpan: readonly boolean[];
  /** Of the server's span: deployment, predictor, namespace. */
  readonly attributes: Readonly<Record<string, AttributeValue>>;
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
    attributes: {
      "graphway.namespace": graph.namespace,
      "graphway.deployment": graph.deployment,
      "graphway.predictor": graph.predictor,
    },
  };
}

function hasVisitSpan(node: GraphNode): boolean {
  const isOneCall = node.input === "none" || !node.transformsOutput;
  return node.children.length > 0 || node.runs.in === "builtin" || !isOneCall;
}
