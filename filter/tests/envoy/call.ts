import { once } from "node:events";
import { request, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";

export interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly cookies: readonly string[];
}

export interface Sent {
  readonly body?: string;
  /** Without a length: sent in chunks. */
  readonly isChunked?: boolean;
}

/** What a call is answered; it is a GET unless it has a body. */
export async function call(
  port: number,
  path: string,
  headers: OutgoingHttpHeaders = {},
  sending: Sent = {},
): Promise<Answer> {
  const length = sending.isChunked === true ? { "transfer-encoding": "chunked" } : {};
  const method = sending.body === undefined ? "GET" : "POST";
  const sent = request({ host: "127.0.0.1", port, path, method, headers: { ...headers, ...length }, agent: false });
  sent.end(sending.body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) body += chunk as string;
  return { status: response.statusCode, body, cookies: response.headers["set-cookie"] ?? [] };
}
