import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { Json, JsonObject } from "#proto/json/json.ts";
import { answerSeldon, answerTensorflow, answerV2, type SeldonMethod } from "./answers.ts";
import type { Counter } from "./counter.ts";
import type { ModelSettings } from "./settings.ts";

const SELDON_PATHS: Readonly<Record<string, SeldonMethod>> = {
  "/predict": "predict",
  "/api/v0.1/predictions": "predict",
  "/api/v1.0/predictions": "predict",
  "/transform-input": "transformInput",
  "/transform-output": "transformOutput",
  "/route": "route",
  "/aggregate": "aggregate",
  "/send-feedback": "sendFeedback",
  "/api/v0.1/feedback": "sendFeedback",
  "/api/v1.0/feedback": "sendFeedback",
};

interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

/** The model over REST: Seldon's node contract, V2 and TensorFlow; `GET /count` says how many requests it has seen. */
export function makeRestServer(settings: ModelSettings, counter: Counter): Server {
  const server = createServer((request, response) => {
    answer(request, settings, counter).then(
      (one) => {
        send(response, one);
      },
      (error: unknown) => {
        send(response, { status: 400, body: { status: { code: 400, info: String(error), status: "FAILURE" } } });
      },
    );
  });
  // Longer than any proxy's: it is the client that ends an idle connection.
  server.keepAliveTimeout = 300_000;
  return server;
}

async function answer(request: IncomingMessage, settings: ModelSettings, counter: Counter): Promise<Answer> {
  const { pathname: path } = new URL(request.url ?? "/", "http://model");
  const body = request.method === "GET" ? "" : await text(request);
  if (request.method === "GET" || body === "") return answerQuestion(path, counter);
  const say = answerTo(path, settings);
  if (say === undefined) return notFound(path);
  const asked = JSON.parse(body) as Json;
  const headers = headersToLog(request, settings);
  if (await counter.take(`${request.method ?? ""} ${path}${headers}`)) return { status: 200, body: say(asked) };
  return { status: 503, body: { status: { code: 503, info: "one of the first requests", status: "FAILURE" } } };
}

/** As JSON after a space; nothing where none are to be logged. */
function headersToLog({ headers }: IncomingMessage, { logHeaders }: ModelSettings): string {
  if (logHeaders === "") return "";
  const chosen = Object.entries(headers).filter(([name]) => name.startsWith(logHeaders));
  return ` ${JSON.stringify(Object.fromEntries(chosen))}`;
}

function answerTo(path: string, settings: ModelSettings): ((request: Json) => JsonObject) | undefined {
  const method = SELDON_PATHS[path];
  if (method !== undefined) return (request) => answerSeldon(method, request, settings);
  const v2 = /^\/v2\/models\/([^/]+)(?:\/versions\/[^/]+)?\/infer$/.exec(path);
  if (v2 !== null) return (request) => answerV2(v2[1] ?? "", request, settings);
  if (/^\/v1\/models\/[^/]+?\/?:predict$/.test(path)) return () => answerTensorflow(settings);
  return undefined;
}

/** What probes and people ask; not counted. */
function answerQuestion(path: string, counter: Counter): Answer {
  if (path === "/count") return { status: 200, body: { count: counter.seen } };
  if (path === "/metadata") return { status: 200, body: { name: "scenario-model", versions: ["1"], platform: "node" } };
  if (/^\/(health\/(status|ping)|ready|live|v2\/health\/(live|ready))$/.test(path)) return { status: 200, body: {} };
  const v2 = /^\/v2\/models\/([^/]+)(\/ready)?$/.exec(path);
  if (v2 !== null) return { status: 200, body: { name: v2[1] ?? "", platform: "node", inputs: [], outputs: [] } };
  const state = { version: "1", state: "AVAILABLE", status: { error_code: "OK", error_message: "" } };
  if (/^\/v1\/models\/[^/:]+$/.test(path)) return { status: 200, body: { model_version_status: [state] } };
  return notFound(path);
}

function notFound(path: string): Answer {
  return { status: 404, body: { status: { code: 404, info: `nothing is served at ${path}`, status: "FAILURE" } } };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json" }).end(text);
}
