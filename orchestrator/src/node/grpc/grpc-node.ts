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
  const reply = await client.call(method, payload.body, [...headers.pairs, "seldon-puid", puid], scope);
  return { transport: "grpc", body: reply, isReply: true };
}
