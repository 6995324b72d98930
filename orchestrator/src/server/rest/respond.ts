import type { ServerResponse } from "node:http";
import { chunksOf, lengthOf } from "../../execute/body-chunks.ts";
import type { CallError } from "../../execute/call-error.ts";
import { jsonPayload, JSON_TYPE, type Payload, type RestPayload } from "../../execute/payload.ts";
import type { NodeProtocol } from "../../protocol/protocol.ts";
import { HtmlEscaper } from "./html-escaper.ts";
import { escapeHtmlInJson, isJson } from "./html-escape.ts";

/** Up to here one write of head and body together is cheaper than two pieces. */
const MAX_JOINED_BYTES = 16 * 1024;
/** Answers without a body, and without fields that speak of one (RFC 9110 §8.6). */
const NEVER_WITH_BODY: ReadonlySet<number> = new Set([204, 304]);

/**
 * Sends a payload with its own type; JSON is escaped, anything else goes out as it is. `headers` (name, value, …) are sent
 * beside those that the response has already: one list costs half of what setting each does.
 */
export function sendPayload(
  response: ServerResponse,
  payload: RestPayload,
  status = 200,
  headers: readonly string[] = [],
): void {
  if (response.headersSent || response.destroyed) return;
  if (NEVER_WITH_BODY.has(status)) {
    response.writeHead(status, [...headers]);
    response.end();
    return;
  }
  const { contentType, contentEncoding, jsonLength } = payload;
  const chunks = escapedChunks(payload);
  const all = [...headers];
  if (contentType !== "") all.push("Content-Type", contentType);
  if (contentEncoding !== "") all.push("Content-Encoding", contentEncoding);
  if (jsonLength !== undefined) all.push("Inference-Header-Content-Length", jsonLength);
  all.push("Content-Length", String(lengthOf(chunks)));
  response.writeHead(status, all);
  endWith(response, chunks);
}

/** Sends a failure: a REST node's own answer where there is one, else what happened, as the protocol's clients read it. */
export function sendError(
  response: ServerResponse,
  error: CallError,
  protocol: Pick<NodeProtocol, "errorBody">,
  headers: readonly string[] = [],
): void {
  if (response.headersSent && !response.writableEnded) {
    // An answer that was under way is cut, so that nobody takes what came of it for the whole.
    response.destroy();
    return;
  }
  const reply: Payload = error.reply ?? jsonPayload(protocol.errorBody(error.httpStatus, error.message));
  if (reply.transport !== "rest") return;
  // What is left of a refused body is not worth reading: the connection ends with the answer.
  const all = error.fault === "too-large" ? [...headers, "Connection", "close"] : headers;
  sendPayload(response, reply, error.httpStatus, all);
}

function escapedChunks(payload: RestPayload): readonly Buffer[] {
  const { contentType, contentEncoding, jsonLength } = payload;
  const chunks = chunksOf(payload);
  const [first, ...more] = chunks;
  const isOpaque = contentEncoding !== "" || jsonLength !== undefined || first === undefined;
  if (isOpaque || (contentType !== JSON_TYPE && !isJson(contentType, first))) return chunks;
  if (more.length === 0) return [escapeHtmlInJson(first)];
  const escaper = new HtmlEscaper();
  const escaped = chunks.map((chunk) => escaper.write(chunk));
  const rest = escaper.end();
  return rest === undefined ? escaped : [...escaped, rest];
}

function endWith(response: ServerResponse, chunks: readonly Buffer[]): void {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined && only.length <= MAX_JOINED_BYTES) {
    response.end(only.toString("latin1"), "latin1");
    return;
  }
  response.cork();
  for (const chunk of chunks) response.write(chunk);
  response.end();
  response.uncork();
}
