import type * as MetadataCodec from "../codec/metadata-codec.ts";
import { loadCodec } from "../codec/load-codec.ts";
import type { GraphNode, Transport } from "../graph/graph.ts";
import { transportOf } from "../node/container-caller.ts";
import { asCallError, CallError } from "../execute/call-error.ts";
import type { GraphMetadata, NodeMetadata } from "../execute/metadata-answer.ts";
import type { NodeHeaders } from "../execute/run.ts";
import type { Scope } from "../execute/scope.ts";
import type { ServedGraph } from "./served-graph.ts";

/** Asks every node in turn; the first that fails fails all. Built-in nodes say nothing of themselves. */
export async function graphMetadata(
  served: ServedGraph,
  calledBy: Transport,
  headers: NodeHeaders,
  puid: string,
  scope: Scope,
): Promise<GraphMetadata> {
  const models: Record<string, NodeMetadata> = {};
  for (const node of served.graph.nodes) {
    if (node.runs.in === "builtin" || node.runs.endpoint.host === "") continue;
    models[node.name] = await nodeMetadata(served, node, calledBy, headers, puid, scope);
  }
  const { root, predictor } = served.graph;
  return {
    name: predictor,
    // In the order of their names, as Go writes a map.
    models: Object.fromEntries(Object.entries(models).sort(([a], [b]) => (a < b ? -1 : 1))),
    graphinputs: edge(root, "inputs", models),
    graphoutputs: edge(root, "outputs", models),
  };
}

/** One node's metadata over the transport it speaks. */
export async function nodeMetadata(
  served: ServedGraph,
  node: GraphNode,
  calledBy: Transport,
  headers: NodeHeaders,
  puid: string,
  scope: Scope,
): Promise<NodeMetadata> {
  if (node.runs.in === "builtin") return { name: node.name };
  if (transportOf(node, calledBy) === "grpc") {
    const { decodeModelMetadata } = await loadMetadataCodec();
    return decodeModelMetadata(await served.caller.grpcMetadata(node, headers, puid, scope));
  }
  const reply = await served.caller.get(node, "metadata", { name: node.name, version: "" }, { headers, puid }, scope);
  return known(node.name, reply.body);
}

async function loadMetadataCodec(): Promise<typeof MetadataCodec> {
  await loadCodec();
  return import("../codec/metadata-codec.ts");
}

function known(node: string, body: Buffer): NodeMetadata {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new CallError("bad-reply", `the metadata of node ${node} is not JSON: ${asCallError(error).message}`);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new CallError("bad-reply", `the metadata of node ${node} is not a JSON object`);
  }
  const fields = parsed as Readonly<Record<string, unknown>>;
  const names = ["name", "platform", "versions", "inputs", "outputs", "custom"] as const;
  return Object.fromEntries(names.flatMap((name) => (isEmpty(name, fields[name]) ? [] : [[name, fields[name]]])));
}

/** What Seldon's executor leaves out: inputs and outputs are free JSON, and stand even when they are empty. */
function isEmpty(name: string, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (name === "inputs" || name === "outputs") return false;
  return value === "" || (typeof value === "object" && Object.keys(value).length === 0);
}

/** Which node's inputs or outputs are the graph's: where requests first arrive, where answers last come from. */
function edge(node: GraphNode, side: "inputs" | "outputs", models: Readonly<Record<string, NodeMetadata>>): unknown {
  const [child] = node.children;
  const own = models[node.name]?.[side] ?? null;
  if (child === undefined) return own;
  const below = (): unknown => edge(child, side, models);
  const isInput = side === "inputs";
  switch (node.type) {
    case "OUTPUT_TRANSFORMER":
    case "COMBINER":
      return isInput ? below() : own;
    case "ROUTER":
      return below();
    case "MODEL":
    case "TRANSFORMER":
      return isInput ? own : below();
    case undefined:
      return node.input === "none" ? below() : isInput ? own : below();
  }
}
