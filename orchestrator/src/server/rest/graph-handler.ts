import type { IncomingMessage, ServerResponse } from "node:http";
import { HEADER_PATH, HEADER_PREFIX, HEADER_ROUTING } from "#proto/vocabulary/headers.ts";
import { payloadOf } from "../../execute/body-chunks.ts";
import { asCallError, CallError } from "../../execute/call-error.ts";
import { sendFeedback } from "../../execute/feedback.ts";
import { JSON_LENGTH_HEADER, type RestPayload } from "../../execute/payload.ts";
import { predict } from "../../execute/predict.ts";
import type { Run } from "../../execute/run.ts";
import { Scope } from "../../execute/scope.ts";
import { pathHeader, routingHeader } from "../../policy/answer-headers.ts";
import { deadlineOf } from "../../policy/deadline.ts";
import { forwardedHeaders } from "../../policy/node-headers.ts";
import { protocolOf } from "../../protocol/protocols.ts";
import { beginRun } from "../begin-run.ts";
import { endRun } from "../end-run.ts";
import type { ServerContext } from "../server-context.ts";
import { readBody } from "./read-body.ts";
import { sendError, sendPayload } from "./respond.ts";
import type { Route } from "./routes.ts";
import { streamAnswer } from "./stream-answer.ts";

/** A path that asks for a walk through the graph. */
type GraphRoute = Extract<Route, { readonly kind: "predictions" | "feedback" }>;

/** Answers a prediction or a feedback call by a walk through the graph. */
export async function answerGraph(
  context: ServerContext,
  route: GraphRoute,
  puid: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const startedMs = performance.now();
  const { kind } = route;
  const { served } = context.current;
  if (served === undefined) {
    request.resume();
    sendError(response, new CallError("not-ready", "the orchestrator has no graph yet"), protocolOf(context));
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
      path: pathOf(request),
      startedMs,
      puid,
      modelName: route.modelName,
      modelVersion: route.modelVersion,
      headers: forwardedHeaders(request.rawHeaders),
      header: (name) => textHeader(request, name),
      takeStream: (reply) => {
        if (run !== undefined) setAnswerHeaders(response, run);
        return streamAnswer(response, reply);
      },
    });
    const body = await readBody(request, context.maxBodyBytes);
    sendAnswer(response, run, await walk(kind, run, request, body, scope));
  } catch (error) {
    failure = asCallError(error);
    if (failure.fault === "internal") context.logError("a request failed", error);
    status = failure.httpStatus;
    if (run !== undefined) setAnswerHeaders(response, run);
    sendError(response, failure, protocolOf(served.graph));
  } finally {
    scope.end();
    served.leave();
    endRun(context, served, { run, service: kind, method: "post", code: String(status), startedMs, failure });
  }
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
  const own = reply.transport === "rest" ? reply : await protocolOf(run.graph).answer(reply, "rest");
  if (own.transport !== "rest") throw new CallError("internal", "an answer was not translated");
  return own;
}

function sendAnswer(response: ServerResponse, run: Run, payload: RestPayload): void {
  setAnswerHeaders(response, run);
  sendPayload(response, payload);
}

function setAnswerHeaders(response: ServerResponse, run: Run): void {
  if (response.headersSent) return;
  response.setHeader(HEADER_ROUTING, routingHeader(run.routing));
  if (run.path !== undefined) response.setHeader(HEADER_PATH, pathHeader(run.path));
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? "/";
  const query = url.indexOf("?");
  return query === -1 ? url : url.slice(0, query);
}

function textHeader(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}
