import type { inference as Inference } from "#proto/gen/inference.js";
import { asCallError, CallError, GRPC, nodeGrpcError } from "../../execute/call-error.ts";
import type { ServedGraph } from "../../walk/served-graph.ts";
import type { GraphNode } from "../../graph/graph.ts";
import { transportOf } from "../../node/container-caller.ts";
import { findModel } from "../../protocol/model-names.ts";
import type { ModelRef } from "../../protocol/protocol.ts";
import { underModelName } from "../../protocol/v2-messages.ts";
import { V2_SERVER } from "../../protocol/v2-server.ts";
import { stringField } from "../../protocol/wire/fields.ts";
import type { ServerContext } from "../server-context.ts";
import { graphMethod, nodeMethod, type ClientMetadata } from "./graph-call.ts";
import type { Service, UnaryMethod } from "./method.ts";
import { modelOfV2 } from "./model-of-message.ts";
import type { ServerCall } from "./server-call.ts";
import { streamInfer } from "./v2-stream.ts";

export const V2_SERVICE = "inference.GRPCInferenceService";

/** Methods of Triton's own extensions: known, and not served. */
const NOT_SERVED = [
  "ModelConfig",
  "ModelStatistics",
  "RepositoryIndex",
  "RepositoryModelLoad",
  "RepositoryModelUnload",
  "SystemSharedMemoryStatus",
  "SystemSharedMemoryRegister",
  "SystemSharedMemoryUnregister",
  "CudaSharedMemoryStatus",
  "CudaSharedMemoryRegister",
  "CudaSharedMemoryUnregister",
  "TraceSetting",
  "LogSettings",
] as const;

/** A message whose only field is a bool, field 1. */
const TRUE = Buffer.from([0x08, 1]);
const FALSE = Buffer.alloc(0);

/** The Open Inference Protocol; questions about a model go to its node. */
export function v2Service(context: ServerContext): Service {
  return {
    ServerLive: alwaysAnswers(() => TRUE),
    ServerReady: alwaysAnswers(async () => ((await context.isReady()) ? TRUE : FALSE)),
    ServerMetadata: alwaysAnswers(serverMetadata),
    ModelReady: nodeMethod(context, modelReady),
    ModelMetadata: nodeMethod(context, modelMetadata),
    ModelInfer: graphMethod(context, "predict", modelOfV2),
    ModelStreamInfer: streamInfer(context),
    ...Object.fromEntries(NOT_SERVED.map((name) => [name, notServed(name)])),
  };
}

function alwaysAnswers(answer: () => Buffer | Promise<Buffer>): UnaryMethod {
  return { kind: "unary", answer: async () => answer() };
}

function notServed(name: string): UnaryMethod {
  return {
    kind: "unary",
    answer: () => Promise.reject(nodeGrpcError(GRPC.UNIMPLEMENTED, `method ${name} not implemented`)),
  };
}

function serverMetadata(): Buffer {
  const { name, version, extensions } = V2_SERVER;
  return Buffer.concat([
    stringField(1, name),
    stringField(2, version),
    ...extensions.map((one) => stringField(3, one)),
  ]);
}

async function modelReady(
  served: ServedGraph,
  message: Buffer,
  client: ClientMetadata,
  call: ServerCall,
): Promise<Buffer> {
  const { node, model, asked } = askedNode(served, message);
  if (node.runs.in === "builtin") return TRUE;
  if (transportOf(node, "grpc") === "grpc") return forward(served, node, model, asked, message, client, call);
  try {
    await served.caller.get(node, "status", model, { headers: client.headers, puid: client.puid }, call.scope);
    return TRUE;
  } catch (error) {
    // It has answered, and not with 200.
    if (asCallError(error).fault === "node") return FALSE;
    throw error;
  }
}

async function modelMetadata(
  served: ServedGraph,
  message: Buffer,
  client: ClientMetadata,
  call: ServerCall,
): Promise<Buffer> {
  const { node, model, asked } = askedNode(served, message);
  if (node.runs.in === "builtin") return stringField(1, model.name);
  if (transportOf(node, "grpc") === "grpc") return forward(served, node, model, asked, message, client, call);
  const { body } = await served.caller.get(
    node,
    "metadata",
    model,
    { headers: client.headers, puid: client.puid },
    call.scope,
  );
  return metadataFromJson(node, body);
}

function askedNode(served: ServedGraph, message: Buffer) {
  const asked = modelOfV2(message);
  return { ...findModel(served.graph, { modelName: asked.name, modelVersion: asked.version }), asked };
}

/** The call as it is, under the name that the node goes by. */
function forward(
  served: ServedGraph,
  node: GraphNode,
  model: ModelRef,
  asked: ModelRef,
  message: Buffer,
  client: ClientMetadata,
  call: ServerCall,
): Promise<Buffer> {
  const named = asked.name === model.name ? message : underModelName(message, model.name);
  return served.caller.callMethod(node, call.path, named, client, call.scope);
}

/** The metadata of a node that speaks REST. */
async function metadataFromJson(node: GraphNode, body: Buffer): Promise<Buffer> {
  const { inference } = (await import("#proto/gen/inference.js")) as { inference: typeof Inference };
  try {
    const metadata = inference.ModelMetadataResponse.fromObject(JSON.parse(body.toString("utf8")) as object);
    return Buffer.from(inference.ModelMetadataResponse.encode(metadata).finish());
  } catch {
    throw new CallError("bad-reply", `the metadata of node ${node.name} is not V2's`);
  }
}
