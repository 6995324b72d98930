import { HEADER_PATH, HEADER_PUID, HEADER_ROUTING } from "#proto/vocabulary/headers.ts";
import { asCallError, CallError } from "../../execute/call-error.ts";
import { sendFeedback } from "../../walk/feedback.ts";
import { grpcPayload } from "../../execute/payload.ts";
import { predict } from "../../walk/predict.ts";
import type { Run } from "../../execute/run.ts";
import type { ServedGraph } from "../../walk/served-graph.ts";
import { headerOf } from "../../http2/request-headers.ts";
import { freeBytes, LARGE_BYTES } from "../../memory/free-bytes.ts";
import { grpcCodeName } from "../../observe/grpc-codes.ts";
import { pathHeader, routingHeader } from "../../policy/answer-headers.ts";
import { isForwarded } from "../../policy/node-headers.ts";
import { puidOf } from "../../policy/request-id.ts";
import type { ModelRef } from "../../protocol/protocol.ts";
import { protocolOf } from "../../protocol/protocols.ts";
import { beginRun, type ClientRequest } from "../begin-run.ts";
import { endRun } from "../end-run.ts";
import { traceAbout } from "../trace-about.ts";
import type { ServerContext } from "../server-context.ts";
import type { UnaryMethod } from "./method.ts";
import type { ServerCall } from "./server-call.ts";

/** What a client says of itself beside its message. */
export type ClientMetadata = Pick<ClientRequest, "puid" | "headers" | "header">;

const ANY_MODEL: ModelRef = { name: "", version: "" };

/** A method answered by a walk through the graph. `modelOf` reads what model a message is for. */
export function graphMethod(
  context: ServerContext,
  kind: "predict" | "feedback",
  modelOf: (message: Buffer) => ModelRef = () => ANY_MODEL,
): UnaryMethod {
  return {
    kind: "unary",
    answer: (call, message) =>
      measured(context, call, async (served, setRun) => {
        const client = readMetadata(call.headers);
        call.answerHeaders.push(HEADER_PUID, client.puid);
        const run = beginWalk(context, served, call, client, modelOf(message));
        setRun(run);
        return walk(run, kind, message, call);
      }),
  };
}

/** A method answered without a walk, about the graph or its nodes. */
export function nodeMethod(
  context: ServerContext,
  answer: (served: ServedGraph, message: Buffer, client: ClientMetadata, call: ServerCall) => Promise<Buffer>,
): UnaryMethod {
  return {
    kind: "unary",
    answer: (call, message) =>
      measured(context, call, (served) => {
        const client = readMetadata(call.headers);
        call.answerHeaders.push(HEADER_PUID, client.puid);
        const { path, startedMs } = call;
        const about = { transport: "grpc", service: path, path, method: "POST", startedMs, ...client } as const;
        return traceAbout(context, served, about, (headers) => answer(served, message, { ...client, headers }, call));
      }),
  };
}

/** Counts a call, and holds the graph's version for as long as it takes. Throws CallError only. */
export async function measured<T>(
  context: ServerContext,
  call: ServerCall,
  answer: (served: ServedGraph, setRun: (run: Run) => void) => Promise<T>,
): Promise<T> {
  const { served } = context.current;
  if (served === undefined) throw new CallError("not-ready", "the orchestrator has no graph yet");
  const { path, startedMs } = call;
  let failure: CallError | undefined;
  let run: Run | undefined;
  served.enter();
  try {
    return await answer(served, (begun) => (run = begun));
  } catch (error) {
    failure = asCallError(error);
    if (failure.fault === "internal") context.logError("a call failed", error);
    throw failure;
  } finally {
    served.leave();
    const code = grpcCodeName(failure?.grpcCode ?? 0);
    endRun(context, served, { run, service: path, method: "unary", code, startedMs, failure });
  }
}

export function beginWalk(
  context: ServerContext,
  served: ServedGraph,
  call: ServerCall,
  client: ClientMetadata,
  model: ModelRef,
  startedMs = call.startedMs,
): Run {
  const { path } = call;
  return beginRun(context, served, {
    transport: "grpc",
    service: path,
    path,
    startedMs,
    modelName: model.name,
    modelVersion: model.version,
    ...client,
  });
}

async function walk(run: Run, kind: "predict" | "feedback", message: Buffer, call: ServerCall): Promise<Buffer> {
  try {
    const payload = grpcPayload(message);
    const { scope } = call;
    const reply = kind === "predict" ? await predict(run, payload, scope) : await sendFeedback(run, payload, scope);
    const own = await protocolOf(run.graph).answer(reply, "grpc", run.caller.maxReplyBytes, message);
    // No call uses it any more; a log may, and so does an answer that is a part of it.
    if (run.log === undefined && message.length >= LARGE_BYTES && own.body.buffer !== message.buffer)
      freeBytes(message);
    return own.body;
  } finally {
    call.answerHeaders.push(HEADER_ROUTING, routingHeader(run.routing));
    if (run.path !== undefined) call.answerHeaders.push(HEADER_PATH, pathHeader(run.path));
  }
}

/** Metadata as nodes may see it, and the request's id: the client's, or a new one. */
export function readMetadata(list: readonly string[]): ClientMetadata {
  const pairs: string[] = [];
  for (let i = 0; i + 1 < list.length; i += 2) {
    const name = list[i] ?? "";
    if (isForwarded(name) && !name.startsWith("grpc-")) pairs.push(name, list[i + 1] ?? "");
  }
  return {
    headers: { pairs, acceptEncoding: "" },
    puid: puidOf(headerOf(list, HEADER_PUID)),
    header: (name) => headerOf(list, name),
  };
}
