import type { IncomingMessage, Server } from "node:http";
import type { Json, JsonObject } from "#proto/json/json.ts";
import { describeNode, type MethodName, type NodeIdentity, type NodeMethods } from "./node-methods.ts";
import { BadData } from "./payload.ts";

// An import of the whole module would also load what it has for WebSockets.
const { createServer } = process.getBuiltinModule("node:http");

const MAX_BODY_BYTES = 16 * 1024 * 1024;

const PATHS: Readonly<Record<string, MethodName>> = {
  "/predict": "predict",
  "/api/v1.0/predictions": "predict",
  "/transform-input": "transformInput",
  "/transform-output": "transformOutput",
  "/route": "route",
  "/aggregate": "aggregate",
  "/send-feedback": "sendFeedback",
  "/api/v1.0/feedback": "sendFeedback",
};

interface Reply {
  readonly status: number;
  readonly body: JsonObject | string;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new BadData(`the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseBody(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new BadData("the body is not JSON");
  }
}

/** A failure as Seldon's Python wrapper words it. */
function describeFailure(error: unknown): Reply {
  const bad = error instanceof BadData;
  const info = error instanceof Error ? error.message : String(error);
  const reason = bad ? "MICROSERVICE_BAD_DATA" : "MICROSERVICE_INTERNAL_ERROR";
  return { status: bad ? 400 : 500, body: { status: { status: "FAILURE", info, code: -1, reason } } };
}

async function answer(request: IncomingMessage, methods: NodeMethods, identity: NodeIdentity): Promise<Reply> {
  const [path = ""] = (request.url ?? "").split("?");
  if (path === "/health/ping") return { status: 200, body: "pong" };
  if (path === "/health/status" || path === "/api/v1.0/health/status") return { status: 200, body: {} };
  if (path === "/metadata") return { status: 200, body: describeNode(identity) };
  const method = Object.hasOwn(PATHS, path) ? PATHS[path] : undefined;
  if (method === undefined)
    return { status: 404, body: { status: { status: "FAILURE", info: `no path ${path}`, code: -1 } } };
  return { status: 200, body: methods[method](parseBody(await readBody(request))) };
}

/** Serves the node protocol over HTTP; not listening yet. */
export function makeRestServer(methods: NodeMethods, identity: NodeIdentity): Server {
  return createServer((request, response) => {
    void answer(request, methods, identity)
      .catch(describeFailure)
      .then(({ status, body }) => {
        const isText = typeof body === "string";
        response.writeHead(status, { "content-type": isText ? "text/plain" : "application/json" });
        response.end(isText ? body : JSON.stringify(body));
      });
  });
}
