import type { IncomingMessage } from "node:http";
import { CallError } from "../../execute/call-error.ts";
import { graphMetadata, nodeMetadata } from "../../execute/metadata.ts";
import type { GraphMetadata } from "../../execute/metadata-answer.ts";
import { jsonPayload, type RestPayload } from "../../execute/payload.ts";
import { Scope } from "../../execute/scope.ts";
import type { ServedGraph } from "../../execute/served-graph.ts";
import type { GraphNode } from "../../graph/graph.ts";
import { transportOf } from "../../node/container-caller.ts";
import { forwardedHeaders } from "../../policy/node-headers.ts";

/** How long a node may take to speak about itself. */
const ABOUT_TIMEOUT_MS = 30_000;

/** GET /health/status of one node. A node that only speaks gRPC has no such path, and says nothing. */
export async function answerStatus(
  served: ServedGraph,
  model: string,
  _puid: string,
  request: IncomingMessage,
): Promise<RestPayload> {
  const node = nodeOf(served, model);
  if (node.runs.in === "builtin" || transportOf(node, "rest") === "grpc") return jsonPayload({});
  return within((scope) => served.caller.get(node, "/health/status", forwardedHeaders(request.rawHeaders), scope));
}

/** GET /metadata of one node, unchanged where it speaks REST. */
export async function answerMetadata(
  served: ServedGraph,
  model: string,
  puid: string,
  request: IncomingMessage,
): Promise<RestPayload> {
  const node = nodeOf(served, model);
  const headers = forwardedHeaders(request.rawHeaders);
  if (node.runs.in === "container" && transportOf(node, "rest") === "rest") {
    return within((scope) => served.caller.get(node, "/metadata", headers, scope));
  }
  return jsonPayload(await within((scope) => nodeMetadata(served, node, "rest", headers, puid, scope)));
}

/** The metadata of every node, and the inputs and outputs of the graph as a whole. */
export function answerGraphMetadata(
  served: ServedGraph,
  puid: string,
  request: IncomingMessage,
): Promise<GraphMetadata> {
  const headers = forwardedHeaders(request.rawHeaders);
  return within((scope) => graphMetadata(served, "rest", headers, puid, scope));
}

function nodeOf(served: ServedGraph, name: string): GraphNode {
  const node = served.graph.byName.get(name);
  if (node === undefined) throw new CallError("unknown-model", `Failed to find model ${name}`);
  return node;
}

async function within<T>(ask: (scope: Scope) => Promise<T>): Promise<T> {
  const scope = new Scope(performance.now() + ABOUT_TIMEOUT_MS);
  try {
    return await ask(scope);
  } finally {
    scope.end();
  }
}
