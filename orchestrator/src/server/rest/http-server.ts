import type { IncomingMessage, RequestListener, Server, ServerOptions } from "node:http";
import type { Duplex } from "node:stream";
import type { HttpLimits } from "../../config/flags.ts";
import type { ServerTls } from "../../tls/server-tls.ts";
import { StalledClients } from "./stalled-clients.ts";

/** How often Node.js looks for requests whose head takes too long. */
const MAX_HEAD_CHECK_MS = 30_000;

/** TCP asks a silent client after so long whether it is there: else one that lost its power keeps its call alive. */
const KEEP_ALIVE_MS = 30_000;

/** An HTTP/1.1 server, with TLS where it is given, that bounds what one client may take; not listening yet. */
export function createHttpServer(limits: HttpLimits, tls: ServerTls | undefined, handle: RequestListener): Server {
  const options: ServerOptions = {
    keepAliveTimeout: limits.idleTimeoutMs,
    // The whole of a request may take as long as it makes progress: see StalledClients.
    requestTimeout: 0,
    headersTimeout: limits.headersTimeoutMs,
    connectionsCheckingInterval: Math.max(10, Math.min(MAX_HEAD_CHECK_MS, limits.headersTimeoutMs / 2)),
    maxHeaderSize: limits.maxHeaderBytes,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  };
  const stalled = limits.bodyReadTimeoutMs > 0 ? new StalledClients(limits.bodyReadTimeoutMs) : undefined;
  const listener: RequestListener =
    stalled === undefined
      ? handle
      : (request, response) => {
          stalled.begin(request, response);
          handle(request, response);
        };
  const server = tls === undefined ? plainServer(options, listener) : secureServer(options, tls, listener);
  server.on("clientError", answerClientError);
  server.on("close", () => stalled?.stop());
  return server;
}

// An import of a whole module would also load what it has for WebSockets, which costs a quarter of the start.
function plainServer(options: ServerOptions, listener: RequestListener): Server {
  return process.getBuiltinModule("node:http").createServer(options, listener);
}

function secureServer(options: ServerOptions, tls: ServerTls, listener: RequestListener): Server {
  const server = process
    .getBuiltinModule("node:https")
    .createServer({ ...options, ...tls.optionsFor("http/1.1") }, listener);
  tls.follow((context) => {
    server.setSecureContext(context);
  });
  // The same methods and events, though Node.js has no common class for both.
  return server;
}

/** What could not be read as HTTP is answered where it can be; a broken connection or handshake is closed. */
function answerClientError(error: Error & { readonly code?: string }, socket: Duplex): void {
  const status = statusOf(error.code ?? "");
  if (status === undefined || !socket.writable || isAnswered(socket)) socket.destroy();
  else socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function statusOf(code: string): string | undefined {
  if (code === "HPE_HEADER_OVERFLOW") return "431 Request Header Fields Too Large";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "408 Request Timeout";
  return code.startsWith("HPE_") ? "400 Bad Request" : undefined;
}

/** True when the head of an answer is on its way already: a second one would be read as its body. */
function isAnswered(socket: Duplex & { readonly _httpMessage?: IncomingMessage & { readonly headersSent?: boolean } }) {
  return socket._httpMessage?.headersSent === true;
}
