import { randomUUID } from "node:crypto";
import { Metadata, type sendUnaryData, type ServerUnaryCall, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { HEADER_PATH, HEADER_PUID, HEADER_ROUTING } from "#proto/vocabulary/headers.ts";
import { convertReply } from "../../codec/convert.ts";
import { asCallError, CallError } from "../../execute/call-error.ts";
import { sendFeedback } from "../../execute/feedback.ts";
import { graphMetadata, nodeMetadata } from "../../execute/metadata.ts";
import { grpcPayload } from "../../execute/payload.ts";
import { predict } from "../../execute/predict.ts";
import type { Run } from "../../execute/run.ts";
import { Scope } from "../../execute/scope.ts";
import type { ServedGraph } from "../../execute/served-graph.ts";
import { grpcCodeName } from "../../observe/grpc-codes.ts";
import { pathHeader, routingHeader } from "../../policy/answer-headers.ts";
import { isForwarded } from "../../policy/node-headers.ts";
import { beginRun, type ClientRequest } from "../begin-run.ts";
import { endRun } from "../end-run.ts";
import type { ServerContext } from "../server-context.ts";
import { bytesMethod } from "./identity-codec.ts";

/** The only service of Seldon that an orchestrator serves. */
export const SELDON_SERVICE = {
  Predict: bytesMethod("/seldon.protos.Seldon/Predict"),
  SendFeedback: bytesMethod("/seldon.protos.Seldon/SendFeedback"),
  ModelMetadata: bytesMethod("/seldon.protos.Seldon/ModelMetadata"),
  GraphMetadata: bytesMethod("/seldon.protos.Seldon/GraphMetadata"),
} as const;

type Method = keyof typeof SELDON_SERVICE;
type Call = ServerUnaryCall<Buffer, Buffer>;

const MAX_PUID_BYTES = 256;

export function seldonImplementation(context: ServerContext): UntypedServiceImplementation {
  const handler = (method: Method) => (call: Call, callback: sendUnaryData<Buffer>) => {
    answer(context, method, call, callback).catch((error: unknown) => {
      context.logError("a call could not be answered", error);
    });
  };
  return {
    Predict: handler("Predict"),
    SendFeedback: handler("SendFeedback"),
    ModelMetadata: handler("ModelMetadata"),
    GraphMetadata: handler("GraphMetadata"),
  };
}

async function answer(
  context: ServerContext,
  method: Method,
  call: Call,
  callback: sendUnaryData<Buffer>,
): Promise<void> {
  const startedMs = performance.now();
  const { served } = context.current;
  const scope = new Scope(deadlineOf(call));
  call.on("cancelled", () => {
    scope.cancel(new CallError("cancelled", "the client went away"));
  });
  const metadata = new Metadata();
  const client = readMetadata(call);
  metadata.set(HEADER_PUID, client.puid);
  let code = 0;
  let failure: CallError | undefined;
  let run: Run | undefined;
  served?.enter();
  try {
    if (served === undefined) throw new CallError("not-ready", "the orchestrator has no graph yet");
    if (method === "Predict" || method === "SendFeedback") {
      const service = SELDON_SERVICE[method].path;
      run = beginRun(context, served, { transport: "grpc", service, path: service, startedMs, ...client });
    }
    const reply =
      run === undefined
        ? await aboutNodes(served, method, call.request, client, scope)
        : await walk(run, method, call.request, metadata, scope);
    call.sendMetadata(metadata);
    callback(null, reply);
  } catch (error) {
    failure = asCallError(error);
    if (failure.fault === "internal") context.logError("a call failed", error);
    code = failure.grpcCode;
    callback(Object.assign(new Error(failureText(failure)), { code, details: failureText(failure), metadata }));
  } finally {
    scope.end();
    served?.leave();
    const service = SELDON_SERVICE[method].path;
    const end = { run, service, method: "unary", code: grpcCodeName(code), startedMs, failure };
    if (served !== undefined) endRun(context, served, end);
  }
}

async function aboutNodes(
  served: ServedGraph,
  method: Method,
  request: Buffer,
  client: ClientMetadata,
  scope: Scope,
): Promise<Buffer> {
  if (method === "GraphMetadata") {
    const { encodeGraphMetadata } = await import("../../codec/metadata-codec.ts");
    const about = await graphMetadata(served, "grpc", client.headers, client.puid, scope);
    return Buffer.from(encodeGraphMetadata(about));
  }
  const { decodeMetadataName, encodeModelMetadata } = await import("../../codec/metadata-codec.ts");
  const name = decodeMetadataName(request);
  const node = served.graph.byName.get(name);
  if (node === undefined) throw new CallError("unknown-model", `Failed to find model ${name}`);
  const about = await nodeMetadata(served, node, "grpc", client.headers, client.puid, scope);
  return Buffer.from(encodeModelMetadata(about));
}

async function walk(run: Run, method: Method, request: Buffer, metadata: Metadata, scope: Scope): Promise<Buffer> {
  try {
    const payload = grpcPayload(request);
    const reply = method === "Predict" ? await predict(run, payload, scope) : await sendFeedback(run, payload, scope);
    return (await convertReply(reply, "grpc")).body;
  } finally {
    metadata.set(HEADER_ROUTING, routingHeader(run.routing));
    if (run.path !== undefined) metadata.set(HEADER_PATH, pathHeader(run.path));
  }
}

type ClientMetadata = Pick<ClientRequest, "puid" | "headers" | "header">;

function readMetadata(call: Call): ClientMetadata {
  const pairs: string[] = [];
  const first = new Map<string, string>();
  for (const [name, values] of Object.entries(call.metadata.toHttp2Headers())) {
    const list = Array.isArray(values) ? values : [String(values)];
    first.set(name, list[0] ?? "");
    if (!isForwarded(name) || name.startsWith("grpc-")) continue;
    for (const value of list) pairs.push(name, value);
  }
  const puid = first.get(HEADER_PUID) ?? "";
  const isUsable = puid !== "" && puid.length <= MAX_PUID_BYTES;
  return {
    headers: { pairs, acceptEncoding: "" },
    puid: isUsable ? puid : randomUUID(),
    header: (name) => first.get(name),
  };
}

/** The client's deadline in performance.now() time. */
function deadlineOf(call: Call): number {
  const deadline = call.getDeadline();
  const atMs = deadline instanceof Date ? deadline.getTime() : deadline;
  return atMs === Infinity ? Infinity : atMs - Date.now() + performance.now();
}

/** A REST node's own words say more than "node x answered 400". */
function failureText(failure: CallError): string {
  if (failure.reply === undefined) return failure.message;
  const text = failure.reply.body.subarray(0, 1024).toString("utf8");
  return text === "" ? failure.message : `${failure.message}: ${text}`;
}
