import { grpcPayload, type GrpcPayload } from "../../execute/payload.ts";
import type { NodeHeaders, Operation } from "../../execute/run.ts";
import type { Scope } from "../../execute/scope.ts";
import type { UnaryClient } from "./unary-client.ts";

/** Full method of each operation, as Seldon's node protocol names them; feedback always goes to Model. */
export const GRPC_METHODS: Readonly<Record<Operation, string>> = {
  predict: "/seldon.protos.Model/Predict",
  "transform-input": "/seldon.protos.Transformer/TransformInput",
  "transform-output": "/seldon.protos.OutputTransformer/TransformOutput",
  route: "/seldon.protos.Router/Route",
  aggregate: "/seldon.protos.Combiner/Aggregate",
  "send-feedback": "/seldon.protos.Model/SendFeedback",
};

/** A node's own metadata. */
export const METADATA_METHOD = "/seldon.protos.Model/Metadata";

/** Calls a node. A status of its own is a CallError that carries code and message. */
export async function callGrpcNode(
  client: UnaryClient,
  method: string,
  payload: GrpcPayload,
  headers: NodeHeaders,
  puid: string,
  scope: Scope,
): Promise<GrpcPayload> {
  return grpcPayload(await client.call(method, payload.body, metadataOf(headers, puid), scope));
}

function metadataOf(headers: NodeHeaders, puid: string): Record<string, string | string[]> {
  const metadata: Record<string, string | string[]> = {};
  const { pairs } = headers;
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = pairs[i];
    const value = pairs[i + 1];
    if (name === undefined || value === undefined || name === "user-agent" || name.startsWith("grpc-")) continue;
    const known = metadata[name];
    metadata[name] = known === undefined ? value : [...(typeof known === "string" ? [known] : known), value];
  }
  metadata["seldon-puid"] = puid;
  return metadata;
}
