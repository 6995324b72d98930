import type { IncomingMessage, ServerResponse } from "node:http";
import type { DocumentName } from "./routes/route.ts";

/** Sends the API's description, or the page that shows it. The page may load nothing from anywhere else. */
export async function answerDocument(
  name: DocumentName,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  const { documentText } = await import("../../openapi/documents.ts");
  const { text, contentType, csp } = documentText(name);
  response.setHeader("Content-Type", contentType);
  response.setHeader("Content-Security-Policy", csp);
  response.setHeader("Content-Length", Buffer.byteLength(text));
  response.end(text);
}
