import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { asCallError, CallError } from "../../execute/call-error.ts";
import { jsonPayload } from "../../execute/payload.ts";
import type { Protocol } from "../../graph/graph.ts";
import { protocolOf } from "../../protocol/protocols.ts";
import { V2_SERVER } from "../../protocol/v2-server.ts";
import type { CorsPolicy } from "../../config/cors-policy.ts";
import type { HttpLimits } from "../../config/flags.ts";
import type { ServerTls } from "../../tls/server-tls.ts";
import { forwardedHeaders } from "../../policy/node-headers.ts";
import { puidOf } from "../../policy/request-id.ts";
import { traceAbout } from "../trace-about.ts";
import type { ServerContext } from "../server-context.ts";
import { basicHeaders, setHeaders } from "./basic-headers.ts";
import { answerDocument } from "./documents.ts";
import { answerGraph, isGraphRoute, type GraphRoute } from "./graph-handler.ts";
import { answerMetadata, answerGraphMetadata, answerStatus } from "./node-handlers.ts";
import { createHttpServer } from "./http-server.ts";
import { sendError, sendPayload } from "./respond.ts";
import { pathOf } from "./request-target.ts";
import { routeOf, type Route } from "./routes.ts";

export interface RestOptions {
  readonly metricsPath: string;
  readonly cors: CorsPolicy;
  readonly renderMetrics: () => string | Promise<string>;
  readonly limits: HttpLimits;
  /** Undefined: no TLS. */
  readonly tls: ServerTls | undefined;
}

/** The REST server; not listening yet. */
export function createRestServer(context: ServerContext, options: RestOptions): Server {
  return createHttpServer(options.limits, options.tls, (request, response) => {
    handle(context, options, request, response).catch((error: unknown) => {
      context.logError("a request could not be answered", error);
      response.destroy();
    });
  });
}

async function handle(
  context: ServerContext,
  options: RestOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request.url ?? "/");
  if (context.isDraining()) response.setHeader("Connection", "close");
  const route = routeOf(path, protocolOfServer(context), options.metricsPath);
  if (route === undefined) {
    response.setHeader("X-Content-Type-Options", "nosniff");
    sendText(request, response, 404, "404 page not found\n");
    return;
  }
  const methods = "methods" in route ? route.methods : undefined;
  if (methods !== undefined && !methods.split(",").includes(request.method ?? "")) {
    sendEmpty(request, response, 405);
    return;
  }
  const puid = puidOf(request.headers["seldon-puid"]);
  const headers = basicHeaders(request, puid, path, methods, options.cors, context.identity);
  const isPreflight = methods !== undefined && request.method === "OPTIONS";
  if (isGraphRoute(route) && !isPreflight) {
    await answerGraph(context, route, { puid, path, headers }, request, response);
    return;
  }
  setHeaders(response, headers);
  if (isPreflight || isGraphRoute(route)) sendEmpty(request, response, 200);
  else await answer(context, options, route, puid, request, response);
}

async function answer(
  context: ServerContext,
  options: RestOptions,
  route: Exclude<Route, GraphRoute>,
  puid: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  switch (route.kind) {
    case "live":
    case "liveness":
      sendEmpty(request, response, 200);
      return;
    case "ready":
    case "health":
      sendEmpty(request, response, (await context.isReady()) ? 200 : 503);
      return;
    case "metrics":
      response.setHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
      request.resume();
      response.end(await options.renderMetrics());
      return;
    case "server-metadata":
      request.resume();
      sendPayload(response, jsonPayload(V2_SERVER));
      return;
    case "document":
      await answerDocument(route.name, request, response);
      return;
    case "status":
    case "metadata":
    case "graph-metadata":
      await answerAboutNodes(context, route, puid, request, response);
  }
}

async function answerAboutNodes(
  context: ServerContext,
  route: Extract<Route, { kind: "status" | "metadata" } | { kind: "graph-metadata" }>,
  puid: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  const startedMs = performance.now();
  const { served } = context.current;
  const service = route.kind === "status" ? "status" : "metadata";
  let status = 200;
  try {
    if (served === undefined) throw new CallError("not-ready", "the orchestrator has no graph yet");
    served.enter();
    try {
      const headers = forwardedHeaders(request.rawHeaders);
      const path = pathOf(request.url ?? "/");
      const about = { transport: "rest", service, path, method: "GET", puid, headers, startedMs } as const;
      const payload = await traceAbout(context, served, about, async (traced) => {
        if (route.kind !== "graph-metadata") {
          const ask = route.kind === "status" ? answerStatus : answerMetadata;
          return ask(served, route, puid, traced);
        }
        return jsonPayload(await answerGraphMetadata(served, puid, traced));
      });
      sendPayload(response, payload);
    } finally {
      served.leave();
    }
  } catch (error) {
    const failure = asCallError(error);
    status = failure.httpStatus;
    sendError(response, failure, protocolOf({ protocol: protocolOfServer(context) }));
  }
  served?.metrics.observe(service, "get", String(status), (performance.now() - startedMs) / 1000);
}

/** What is served: the graph's protocol, before there is one the flag's. */
function protocolOfServer(context: ServerContext): Protocol {
  return context.current.served?.graph.protocol ?? context.protocol;
}

function sendEmpty(request: IncomingMessage, response: ServerResponse, status: number): void {
  request.resume();
  response.writeHead(status, { "Content-Length": 0 });
  response.end();
}

function sendText(request: IncomingMessage, response: ServerResponse, status: number, text: string): void {
  request.resume();
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}
