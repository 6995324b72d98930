import { randomUUID } from "node:crypto";
import { Metadata, type sendUnaryData, type ServerUnaryCall, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { HEADER_BRANCH, HEADER_DECISION, HEADER_PATH, HEADER_PUID, HEADER_ROUTING } from "#proto/vocabulary/headers.ts";
import { convertReply } from "../../codec/convert.ts";
import { asCallError, CallError } from "../../execute/call-error.ts";
import { sendFeedback } from "../../execute/feedback.ts";
import { graphMetadata, nodeMetadata } from "../../execute/metadata.ts";
import { grpcPayload } from "../../execute/payload.ts";
import { predict } from "../../execute/predict.ts";
import type { NodeHeaders, Run } from "../../execute/run.ts";
import { Scope } from "../../execute/scope.ts";
import type { ServedGraph } from "../../execute/served-graph.ts";
import { grpcCodeName } from "../../observe/grpc-codes.ts";
import { pathHeader, routingHeader } from "../../policy/answer-headers.ts";
import { forcedBranches } from "../../policy/branches.ts";
import { isForwarded } from "../../policy/node-headers.ts";
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
  served?.enter();
  try {
    if (served === undefined) throw new CallError("not-ready", "the orchestrator has no graph yet");
    const reply = await bodyOf(context, served, method, call.request, client, metadata, scope);
    call.sendMetadata(metadata);
    callback(null, reply);
  } catch (error) {
    const failure = asCallError(error);
    if (failure.fault === "internal") context.logError("a call failed", error);
    code = failure.grpcCode;
    callback(Object.assign(new Error(failureText(failure)), { code, details: failureText(failure), metadata }));
  } finally {
    scope.end();
    served?.leave();
    const seconds = (performance.now() - startedMs) / 1000;
    served?.metrics.observe(SELDON_SERVICE[method].path, "unary", grpcCodeName(code), seconds);
  }
}

async function bodyOf(
  context: ServerContext,
  served: ServedGraph,
  method: Method,
  request: Buffer,
  client: ClientMetadata,
  metadata: Metadata,
  scope: Scope,
): Promise<Buffer> {
  switch (method) {
    case "Predict":
    case "SendFeedback":
      return walk(context, served, method, request, client, metadata, scope);
    case "GraphMetadata": {
      const { encodeGraphMetadata } = await import("../../codec/metadata-codec.ts");
      const about = await graphMetadata(served, "grpc", client.headers, client.puid, scope);
      return Buffer.from(encodeGraphMetadata(about));
    }
    case "ModelMetadata": {
      const { decodeMetadataName, encodeModelMetadata } = await import("../../codec/metadata-codec.ts");
      const name = decodeMetadataName(request);
      const node = served.graph.byName.get(name);
      if (node === undefined) throw new CallError("unknown-model", `Failed to find model ${name}`);
      const about = await nodeMetadata(served, node, "grpc", client.headers, client.puid, scope);
      return Buffer.from(encodeModelMetadata(about));
    }
  }
}

async function walk(
  context: ServerContext,
  served: ServedGraph,
  method: "Predict" | "SendFeedback",
  request: Buffer,
  client: ClientMetadata,
  metadata: Metadata,
  scope: Scope,
): Promise<Buffer> {
  const { graph } = served;
  const run: Run = {
    graph,
    caller: served.caller,
    calledBy: "grpc",
    puid: client.puid,
    headers: client.headers,
    forced: forcedBranches(graph, client.branch),
    routing: new Map(),
    path: graph.allowExplain && client.asksForPath ? [] : undefined,
    random: context.random,
  };
  try {
    const payload = grpcPayload(request);
    const reply = method === "Predict" ? await predict(run, payload, scope) : await sendFeedback(run, payload, scope);
    return (await convertReply(reply, "grpc")).body;
  } finally {
    metadata.set(HEADER_ROUTING, routingHeader(run.routing));
    if (run.path !== undefined) metadata.set(HEADER_PATH, pathHeader(run.path));
  }
}

interface ClientMetadata {
  readonly headers: NodeHeaders;
  readonly puid: string;
  readonly branch: string | undefined;
  readonly asksForPath: boolean;
}

function readMetadata(call: Call): ClientMetadata {
  const pairs: string[] = [];
  let puid = "";
  let branch: string | undefined;
  let asksForPath = false;
  for (const [name, values] of Object.entries(call.metadata.toHttp2Headers())) {
    const list = Array.isArray(values) ? values : [String(values)];
    if (name === HEADER_PUID) puid = list[0] ?? "";
    else if (name === HEADER_BRANCH) branch = list[0];
    else if (name === HEADER_DECISION) asksForPath = true;
    if (!isForwarded(name) || name.startsWith("grpc-")) continue;
    for (const value of list) pairs.push(name, value);
  }
  const isUsable = puid !== "" && puid.length <= MAX_PUID_BYTES;
  return { headers: { pairs, acceptEncoding: "" }, puid: isUsable ? puid : randomUUID(), branch, asksForPath };
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
