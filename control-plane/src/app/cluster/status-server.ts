import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { isLoopback } from "../../deliver/xds-identity/loopback.ts";
import { once } from "node:events";

export interface StatusServerOptions {
  readonly host: string;
  readonly port: number;
  readonly render: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** Clients of the xDS server whose node id contains the text, and what they accepted, as JSON. */
  readonly xdsClients?: (nodePart: string) => unknown;
  /** Undefined: ready; else what is missing. */
  readonly notReady: () => string | undefined;
}

export interface StatusServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/metrics`, `/healthz` (the process lives) and `/readyz` (it knows the cluster); and, to callers from the same pod or by
 * `kubectl port-forward` alone, `/debug/xds?node=<part of an id>`.
 */
export async function startStatusServer(options: StatusServerOptions): Promise<StatusServer> {
  const server = createServer((request, response) => {
    const say = (status: number, text: string, contentType = "text/plain; charset=utf-8"): void => {
      response.writeHead(status, { "content-type": contentType }).end(text);
    };
    request.resume();
    const [path, query = ""] = (request.url ?? "/").split("?", 2);
    if (request.method !== "GET" && request.method !== "HEAD") {
      say(405, "only GET\n");
    } else if (path === "/healthz") {
      say(200, "ok\n");
    } else if (path === "/readyz") {
      const reason = options.notReady();
      say(reason === undefined ? 200 : 503, `${reason ?? "ok"}\n`);
    } else if (path === "/metrics") {
      options.render().then(
        ({ contentType, text }) => {
          say(200, text, contentType);
        },
        (error: unknown) => {
          say(500, `${String(error)}\n`);
        },
      );
    } else if (path === "/debug/xds" && options.xdsClients !== undefined) {
      if (!isFromThisPod(request)) say(403, "only from this pod, or by kubectl port-forward\n");
      else
        say(200, JSON.stringify(options.xdsClients(new URLSearchParams(query).get("node") ?? "")), "application/json");
    } else {
      say(404, "there are /metrics, /healthz and /readyz\n");
    }
  });
  server.listen(options.port, options.host);
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}

/** Where the sidecars of Istio call their own pod from, on behalf of anybody. */
const SIDECAR_ADDRESS = /^(::ffff:)?127\.0\.0\.6$/;

/** Proxies in the same pod hand on what others ask; all of Envoy's requests say which scheme they came by. */
function isFromThisPod({ socket, headers }: IncomingMessage): boolean {
  const { remoteAddress = "" } = socket;
  if (!isLoopback(remoteAddress) || SIDECAR_ADDRESS.test(remoteAddress)) return false;
  return headers["x-forwarded-proto"] === undefined && headers["x-forwarded-for"] === undefined;
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
