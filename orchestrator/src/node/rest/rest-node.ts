import { chunksOf, payloadOf } from "../../execute/body-chunks.ts";
import { nodeHttpError } from "../../execute/call-error.ts";
import { JSON_LENGTH_HEADER, JSON_TYPE, type RestPayload } from "../../execute/payload.ts";
import type { NodeHeaders } from "../../execute/run.ts";
import type { Scope } from "../../execute/scope.ts";
import type { TakeStream } from "../../execute/streamed-reply.ts";
import type { HttpReply } from "./http-exchange.ts";
import type { HttpTransport } from "./http-transport.ts";

export interface RestRequest {
  readonly node: string;
  readonly path: string;
  readonly payload: RestPayload;
  readonly headers: NodeHeaders;
  readonly puid: string;
  readonly answersClient: boolean;
  /** The node may get it twice. */
  readonly mayRepeat: boolean;
  /** Takes a long reply as it arrives; it is then empty for the caller. */
  readonly take?: TakeStream | undefined;
}

/** Posts a payload to a node. Anything but 200 is a CallError that carries the node's status and body. */
export async function postToNode(http: HttpTransport, request: RestRequest, scope: Scope): Promise<RestPayload> {
  const { payload } = request;
  const headers = [...request.headers.pairs];
  if (payload.contentType !== "") headers.push("content-type", payload.contentType);
  if (payload.contentEncoding !== "") headers.push("content-encoding", payload.contentEncoding);
  if (payload.jsonLength !== undefined) headers.push(JSON_LENGTH_HEADER, payload.jsonLength);
  if (request.answersClient && request.headers.acceptEncoding !== "") {
    headers.push("accept-encoding", request.headers.acceptEncoding);
  }
  headers.push("seldon-puid", request.puid);
  const call = {
    method: "POST",
    path: request.path,
    headers,
    chunks: chunksOf(payload),
    mayRepeat: request.mayRepeat,
  } as const;
  const reply = await http.call(call, scope, request.take);
  return accepted(request.node, reply);
}

/** Gets a path of a node (status, metadata). */
export async function getFromNode(
  http: HttpTransport,
  request: Pick<RestRequest, "node" | "path" | "headers" | "puid">,
  scope: Scope,
): Promise<RestPayload> {
  const headers = [...request.headers.pairs, "seldon-puid", request.puid];
  const call = { method: "GET", path: request.path, headers, chunks: [], mayRepeat: true } as const;
  return accepted(request.node, await http.call(call, scope));
}

function accepted(node: string, reply: HttpReply): RestPayload {
  const { contentType, contentEncoding, jsonLength, chunks } = reply;
  const fields = { transport: "rest", contentType, contentEncoding, isReply: true } as const;
  const payload = payloadOf(jsonLength === "" ? fields : { ...fields, jsonLength }, chunks);
  if (reply.status !== 200) {
    const described = contentType === "" ? { ...payload, contentType: typeOfError(payload) } : payload;
    throw nodeHttpError(node, reply.status, described);
  }
  return payload;
}

/** A failure without a type gets one, so that clients know how to read it. */
function typeOfError({ body, contentEncoding }: RestPayload): string {
  const [first] = body;
  if (first === undefined) return "";
  return contentEncoding === "" && (first === OPEN_BRACE || first === OPEN_BRACKET) ? JSON_TYPE : TEXT_TYPE;
}

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const TEXT_TYPE = "text/plain; charset=utf-8";
