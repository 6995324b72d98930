import type { GrpcPayload } from "../../execute/payload.ts";
import type { NodeHeaders } from "../../execute/run.ts";
import type { Scope } from "../../execute/scope.ts";
import type { UnaryClient } from "./unary-client.ts";

/** Calls a node. A status of its own is a CallError that carries code and message. */
export async function callGrpcNode(
  client: UnaryClient,
  method: string,
  payload: GrpcPayload,
  headers: NodeHeaders,
  puid: string,
  scope: Scope,
): Promise<GrpcPayload> {
  const reply = await client.call(method, payload.body, metadataOf(headers, puid), scope);
  return { transport: "grpc", body: reply, isReply: true };
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
