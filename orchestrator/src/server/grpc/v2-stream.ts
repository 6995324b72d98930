import { asCallError, CallError, nodeGrpcError, GRPC } from "../../execute/call-error.ts";
import { grpcPayload } from "../../execute/payload.ts";
import { predict } from "../../walk/predict.ts";
import type { Run } from "../../execute/run.ts";
import type { ServedGraph } from "../../walk/served-graph.ts";
import { grpcCodeName } from "../../observe/grpc-codes.ts";
import { protocolOf } from "../../protocol/protocols.ts";
import { BYTES, bytesHead, eachField, stringField, WireError } from "../../protocol/wire/fields.ts";
import { HEADER_PUID } from "#proto/vocabulary/headers.ts";
import { endRun } from "../end-run.ts";
import type { ServerContext } from "../server-context.ts";
import { beginWalk, readMetadata, type ClientMetadata } from "./graph-call.ts";
import { answerTooLarge } from "./inflate-message.ts";
import type { StreamMethod } from "./method.ts";
import { modelOfV2 } from "./model-of-message.ts";
import type { StreamCall } from "./stream-call.ts";
import { StreamingCaller } from "./streaming-caller.ts";

// Fields of ModelStreamInferResponse.
const ERROR_MESSAGE = 1;
const INFER_RESPONSE = 2;

/**
 * ModelStreamInfer: each message walks the graph, one after the other. What fails is told in its place, and the stream
 * lives on. Where the node that answers streams itself, all its messages are passed on as they come.
 */
export function streamInfer(context: ServerContext): StreamMethod {
  return {
    kind: "stream",
    run: async (call) => {
      const client = readMetadata(call.headers);
      call.answerHeaders.push(HEADER_PUID, client.puid);
      for (let message = await call.read(); message !== undefined; message = await call.read()) {
        const failure = await answerOne(context, call, client, message);
        if (call.isOver || call.scope.error !== undefined) throw call.scope.error ?? new CallError("cancelled", "gone");
        if (failure !== undefined) await call.write(stringField(ERROR_MESSAGE, failure.message));
      }
    },
  };
}

/** Each message is a request of its own: on the graph as it is now, counted and traced like a unary one. */
async function answerOne(
  context: ServerContext,
  call: StreamCall,
  client: ClientMetadata,
  message: Buffer,
): Promise<CallError | undefined> {
  const startedMs = performance.now();
  const { served } = context.current;
  if (served === undefined) return new CallError("not-ready", "the orchestrator has no graph yet");
  let run: Run | undefined;
  let failure: CallError | undefined;
  served.enter();
  try {
    run = beginWalk(context, served, call, client, modelOfV2(message), startedMs);
    await walk(served, run, message, call);
  } catch (error) {
    failure = asCallError(error);
    if (failure.fault === "internal") context.logError("a message of a stream failed", error);
  } finally {
    served.leave();
    const code = grpcCodeName(failure?.grpcCode ?? 0);
    endRun(context, served, { run, service: call.path, method: "unary", code, startedMs, failure });
  }
  return failure;
}

async function walk(served: ServedGraph, run: Run, message: Buffer, call: StreamCall): Promise<void> {
  const caller = new StreamingCaller(served.caller, call.path, inferResponseOf);
  try {
    const reply = await predict({ ...run, caller }, grpcPayload(message), call.scope);
    if (!caller.isEmpty) {
      const { body } = await protocolOf(run.graph).answer(reply, "grpc", run.caller.maxReplyBytes, message);
      await writeReply(call, body);
    }
    for (let more = await caller.more(); more !== undefined; more = await caller.more()) await writeReply(call, more);
  } finally {
    caller.cancel();
  }
}

async function writeReply(call: StreamCall, body: Buffer): Promise<void> {
  const message = Buffer.concat([bytesHead(INFER_RESPONSE, body.length), body]);
  if (message.length > call.maxMessageBytes) throw answerTooLarge(message.length, call.maxMessageBytes);
  await call.write(message);
  if (call.scope.error !== undefined) throw call.scope.error;
}

/**
 * The ModelInferResponse of a node's ModelStreamInferResponse, as Triton wraps it, or the message itself where it is one,
 * as MLServer writes it: only that has fields beyond the two. Throws CallError where there is an error in its place.
 */
function inferResponseOf(message: Buffer): Buffer {
  let reply: Buffer = NOTHING;
  let error = "";
  let isBare = false as boolean;
  try {
    eachField(message, (field) => {
      isBare ||= field.number > INFER_RESPONSE;
      if (field.wire !== BYTES) return;
      if (field.number === INFER_RESPONSE) reply = message.subarray(field.value, field.end);
      else if (field.number === ERROR_MESSAGE) error = message.toString("utf8", field.value, field.end);
    });
  } catch (fault) {
    if (!(fault instanceof WireError)) throw fault;
    throw new CallError("bad-reply", `not an encoded ModelStreamInferResponse: ${fault.message}`);
  }
  if (isBare) return message;
  if (error !== "") throw nodeGrpcError(GRPC.UNKNOWN, error);
  return reply;
}

const NOTHING = Buffer.alloc(0);
