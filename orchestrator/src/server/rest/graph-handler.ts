import type { IncomingMessage, ServerResponse } from "node:http";
import { HEADER_PATH, HEADER_PREFIX, HEADER_ROUTING } from "#proto/vocabulary/headers.ts";
import { lengthOf, payloadOf } from "../../execute/body-chunks.ts";
import { asCallError, CallError } from "../../execute/call-error.ts";
import { sendFeedback } from "../../walk/feedback.ts";
import { JSON_LENGTH_HEADER, type RestPayload } from "../../execute/payload.ts";
import { predict } from "../../walk/predict.ts";
import type { Run } from "../../execute/run.ts";
import { Scope } from "../../execute/scope.ts";
import { pathHeader, routingHeader } from "../../policy/answer-headers.ts";
import { freeBytes, LARGE_BYTES } from "../../memory/free-bytes.ts";
import { deadlineOf } from "../../policy/deadline.ts";
import { forwardedHeaders } from "../../policy/node-headers.ts";
import { inflated } from "../../protocol/inflate.ts";
import { protocolOf } from "../../protocol/protocols.ts";
import { beginRun } from "../begin-run.ts";
import { endRun } from "../end-run.ts";
import type { ServerContext } from "../server-context.ts";
import { readBody } from "./read-body.ts";
import { sendError, sendPayload } from "./respond.ts";
import { streamAnswer } from "./stream-answer.ts";
import type { Route } from "./routes.ts";

/** A path that asks for a walk through the graph. */
export type GraphRoute = Extract<Route, { readonly kind: "predictions" | "feedback" }>;

export function isGraphRoute(route: Route): route is GraphRoute {
  return route.kind === "predictions" || route.kind === "feedback";
}

/** What is known of a request before its walk. */
export interface Arrival {
  readonly puid: string;
  /** Of the URL, without its query. */
  readonly path: string;
  /** Of every answer to it: name, value, … */
  readonly headers: readonly string[];
}

/** Answers a prediction or a feedback call by a walk through the graph. */
export async function answerGraph(
  context: ServerContext,
  route: GraphRoute,
  arrival: Arrival,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedMs = performance.now();
  const { kind } = route;
  const { served } = context.current;
  if (served === undefined) {
    request.resume();
    const error = new CallError("not-ready", "the orchestrator has no graph yet");
    sendError(response, error, protocolOf(context), arrival.headers);
    return;
  }
  const scope = new Scope(
    deadlineOf(textHeader(request, `${HEADER_PREFIX}timeout-ms`), textHeader(request, "grpc-timeout")),
  );
  const whenGone = (): void => {
    if (!response.writableFinished) scope.cancel(new CallError("cancelled", "the client went away"));
  };
  response.once("close", whenGone);
  served.enter();
  let status = 200;
  let failure: CallError | undefined;
  let run: Run | undefined;
  try {
    run = beginRun(context, served, {
      transport: "rest",
      service: kind,
      path: arrival.path,
      startedMs,
      puid: arrival.puid,
      modelName: route.modelName,
      modelVersion: route.modelVersion,
      headers: forwardedHeaders(request.rawHeaders),
      header: (name) => textHeader(request, name),
      takeStream: (reply) => streamAnswer(response, reply, answerHeaders(arrival, run)),
    });
    const body = await readBody(request, context.maxBodyBytes);
    const answer = await walk(kind, run, request, body, scope);
    if (run.log === undefined) freeWhenAnswered(response, body);
    sendPayload(response, answer, status, answerHeaders(arrival, run));
  } catch (error) {
    failure = asCallError(error);
    if (failure.fault === "internal") context.logError("a request failed", error);
    status = failure.httpStatus;
    sendError(response, failure, protocolOf(served.graph), answerHeaders(arrival, run));
  } finally {
    scope.end();
    served.leave();
    endRun(context, served, { run, service: kind, method: "post", code: String(status), startedMs, failure });
  }
}

/** No call uses the request's body any more, but the answer may be a part of it. */
function freeWhenAnswered(response: ServerResponse, body: readonly Buffer[]): void {
  if (lengthOf(body) < LARGE_BYTES) return;
  response.once("close", () => {
    for (const chunk of body) freeBytes(chunk);
  });
}

async function walk(
  kind: "predictions" | "feedback",
  run: Run,
  request: IncomingMessage,
  body: readonly Buffer[],
  scope: Scope,
): Promise<RestPayload> {
  const jsonLength = textHeader(request, JSON_LENGTH_HEADER);
  const contentType = request.headers["content-type"] ?? "";
  const contentEncoding = request.headers["content-encoding"] ?? "";
  const fields = { transport: "rest", contentType, contentEncoding } as const;
  const payload = payloadOf(jsonLength === undefined ? fields : { ...fields, jsonLength }, body);
  const reply = kind === "predictions" ? await predict(run, payload, scope) : await sendFeedback(run, payload, scope);
  const own =
    reply.transport === "rest" ? reply : await protocolOf(run.graph).answer(reply, "rest", run.caller.maxReplyBytes);
  if (own.transport !== "rest") throw new CallError("internal", "an answer was not translated");
  return isUnasked(own, request) ? inflated(own, run.caller.maxReplyBytes) : own;
}

/** A node compressed its reply without being asked: the client said nothing of encodings, and may know none. */
function isUnasked({ contentEncoding, isReply }: RestPayload, request: IncomingMessage): boolean {
  if (isReply !== true || request.headers["accept-encoding"] !== undefined) return false;
  return /^(?:x-)?gzip$/i.test(contentEncoding);
}

function answerHeaders({ headers }: Arrival, run: Run | undefined): readonly string[] {
  if (run === undefined) return headers;
  const routing = [...headers, HEADER_ROUTING, routingHeader(run.routing)];
  return run.path === undefined ? routing : [...routing, HEADER_PATH, pathHeader(run.path)];
}

function textHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}
