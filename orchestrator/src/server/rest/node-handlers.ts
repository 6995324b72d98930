import { graphMetadata } from "../../walk/metadata.ts";
import type { GraphMetadata } from "../../execute/metadata-answer.ts";
import { jsonPayload, type RestPayload } from "../../execute/payload.ts";
import type { NodeHeaders, Run } from "../../execute/run.ts";
import { Scope } from "../../execute/scope.ts";
import type { GraphNode } from "../../graph/graph.ts";
import type { ServedGraph } from "../../walk/served-graph.ts";
import { transportOf } from "../../node/container-caller.ts";
import { findModel } from "../../protocol/model-names.ts";
import { protocolOf } from "../../protocol/protocols.ts";
import type { AskedModel } from "./routes/route.ts";

/** How long a node may take to speak about itself. */
const ABOUT_TIMEOUT_MS = 30_000;

/** What one node says of its health. A node that only speaks gRPC is asked by the protocol's own method, if it has one. */
export function answerStatus(
  served: ServedGraph,
  asked: AskedModel,
  puid: string,
  headers: NodeHeaders,
): Promise<RestPayload> {
  return askNode(served, asked, "status", () => ({}), { headers, puid });
}

/** One node's metadata, unchanged where it speaks REST. */
export function answerMetadata(
  served: ServedGraph,
  asked: AskedModel,
  puid: string,
  headers: NodeHeaders,
): Promise<RestPayload> {
  return askNode(served, asked, "metadata", ({ name }) => ({ name }), { headers, puid });
}

/** Asks a node about itself over the transport that it speaks; `builtin` is what one of ours says. */
async function askNode(
  served: ServedGraph,
  asked: AskedModel,
  question: "status" | "metadata",
  builtin: (node: GraphNode) => unknown,
  run: Pick<Run, "headers" | "puid">,
): Promise<RestPayload> {
  const { node, model } = findModel(served.graph, asked);
  if (node.runs.in === "builtin") return jsonPayload(builtin(node));
  if (transportOf(node, "rest") === "rest") {
    return within((scope) => served.caller.get(node, question, model, run, scope));
  }
  const { aboutNode } = protocolOf(served.graph);
  return within((scope) =>
    aboutNode[question](model, (method, message) => served.caller.callMethod(node, method, message, run, scope)),
  );
}

/** The metadata of every node, and the inputs and outputs of the graph as a whole. */
export function answerGraphMetadata(served: ServedGraph, puid: string, headers: NodeHeaders): Promise<GraphMetadata> {
  return within((scope) => graphMetadata(served, "rest", headers, puid, scope));
}

async function within<T>(ask: (scope: Scope) => Promise<T>): Promise<T> {
  const scope = new Scope(performance.now() + ABOUT_TIMEOUT_MS);
  try {
    return await ask(scope);
  } finally {
    scope.end();
  }
}
