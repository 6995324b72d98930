import type { ServerResponse } from "node:http";
import type { CallError } from "../../execute/call-error.ts";
import { jsonPayload, type Payload, type RestPayload } from "../../execute/payload.ts";
import type { NodeProtocol } from "../../protocol/protocol.ts";
import { escapeHtmlInJson, isJson } from "./html-escape.ts";

/** Sends a payload with its own type; JSON is escaped, anything else goes out as it is. */
export function sendPayload(response: ServerResponse, payload: RestPayload, status = 200): void {
  if (response.headersSent || response.destroyed) return;
  const { contentType, contentEncoding, jsonLength } = payload;
  const body =
    contentEncoding === "" && jsonLength === undefined && isJson(contentType, payload.body)
      ? escapeHtmlInJson(payload.body)
      : payload.body;
  if (contentType !== "") response.setHeader("Content-Type", contentType);
  if (contentEncoding !== "") response.setHeader("Content-Encoding", contentEncoding);
  if (jsonLength !== undefined) response.setHeader("Inference-Header-Content-Length", jsonLength);
  response.setHeader("Content-Length", body.length);
  response.statusCode = status;
  response.end(body);
}

/** Sends a failure: a REST node's own answer where there is one, else what happened, as the protocol's clients read it. */
export function sendError(response: ServerResponse, error: CallError, protocol: Pick<NodeProtocol, "errorBody">): void {
  if (response.headersSent && !response.writableEnded) {
    // An answer that was under way is cut, so that nobody takes what came of it for the whole.
    response.destroy();
    return;
  }
  // What is left of a refused body is not worth reading: the connection ends with the answer.
  if (error.fault === "too-large") response.setHeader("Connection", "close");
  const reply: Payload = error.reply ?? jsonPayload(protocol.errorBody(error.httpStatus, error.message));
  if (reply.transport === "rest") sendPayload(response, reply, error.httpStatus);
}
