import { CallError } from "../execute/call-error.ts";
import type { Graph, GraphNode } from "../graph/graph.ts";
import type { ModelRef } from "./protocol.ts";

/** What a client called for: the model that its URL or message named, and its version; empty when none. */
export interface Asked {
  readonly modelName: string;
  readonly modelVersion: string;
}

/** The node's own model name: its parameter `model_name`, else its name. */
export function ownModelName(node: GraphNode): string {
  return node.parameters.find((one) => one.name === "model_name")?.value || node.name;
}

/**
 * What a node is called by. In a graph of several nodes each has its own name, unless the client named something that
 * is neither the deployment, the predictor nor a node: that name goes to all nodes, as in Seldon. In a graph of one
 * node it is what the client named, version included.
 */
export function modelRefOf(graph: Graph, node: GraphNode, asked: Asked): ModelRef {
  const { modelName } = asked;
  if (graph.nodes.length === 1) return { name: modelName || ownModelName(node), version: asked.modelVersion };
  return { name: isOfGraph(graph, modelName) ? ownModelName(node) : modelName, version: "" };
}

function isOfGraph(graph: Graph, name: string): boolean {
  if (name === "" || name === graph.deployment || name === graph.predictor || graph.byName.has(name)) return true;
  return graph.nodes.some((node) => ownModelName(node) === name);
}

/**
 * The node that a question about a model (status, metadata) is for, and what to call it by. In a graph of one node
 * any name is that node's to judge (but protocol seldon, whose paths name none); else an unknown one is a CallError.
 */
export function findModel(graph: Graph, asked: Asked): { readonly node: GraphNode; readonly model: ModelRef } {
  const { modelName } = asked;
  const isItsToJudge = graph.nodes.length === 1 && graph.protocol !== "seldon";
  if (isItsToJudge) return { node: graph.root, model: modelRefOf(graph, graph.root, asked) };
  const node = graph.byName.get(modelName) ?? graph.nodes.find((one) => ownModelName(one) === modelName);
  if (node === undefined) throw new CallError("unknown-model", `Failed to find model ${modelName}`);
  return { node, model: { name: ownModelName(node), version: "" } };
}
