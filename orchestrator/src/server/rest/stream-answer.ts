import type { ServerResponse } from "node:http";
import { CallError } from "../../execute/call-error.ts";
import type { StreamedReply } from "../../execute/streamed-reply.ts";
import { HtmlEscaper } from "./html-escaper.ts";
import { isJson } from "./html-escape.ts";

/** A client that takes nothing for so long is given up. */
const NOBODY_READS_MS = 60_000;

/**
 * Sends a node's reply as it arrives: head first, then every piece, no faster than the client reads. JSON is escaped as
 * everywhere. Throws what ended the reply early; what was sent by then can't be taken back.
 */
export async function streamAnswer(
  response: ServerResponse,
  reply: StreamedReply,
  headers: readonly string[],
): Promise<void> {
  const { contentType, contentEncoding, jsonLength, body } = reply;
  const all = [...headers];
  if (contentType !== "") all.push("Content-Type", contentType);
  if (contentEncoding !== "") all.push("Content-Encoding", contentEncoding);
  if (jsonLength !== "") all.push("Inference-Header-Content-Length", jsonLength);
  response.writeHead(200, all);
  response.flushHeaders();
  let escaper: HtmlEscaper | undefined;
  let isFirst = true;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (isFirst && contentEncoding === "" && jsonLength === "" && isJson(contentType, chunk)) {
      escaper = new HtmlEscaper();
    }
    isFirst = false;
    const escaped = escaper === undefined ? chunk : escaper.write(chunk);
    if (escaped.length > 0 && !response.write(escaped)) await drained(response);
  }
  response.end(escaper?.end());
}

/** Resolves when the client has read what was sent, or is gone: the reply's own end says that. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      response.off("drain", settle);
      response.off("close", settle);
      resolve();
    };
    const timer = setTimeout(() => {
      reject(new CallError("cancelled", "the client does not read its answer"));
    }, NOBODY_READS_MS);
    response.on("drain", settle);
    response.on("close", settle);
    if (response.destroyed) settle();
  });
}
