import { CallError, GRPC, nodeGrpcError } from "../../execute/call-error.ts";
import type { ServedGraph } from "../../walk/served-graph.ts";
import { transportOf } from "../../node/container-caller.ts";
import { findModel } from "../../protocol/model-names.ts";
import { underModelName } from "../../protocol/tensorflow-messages.ts";
import type { ServerContext } from "../server-context.ts";
import { graphMethod, nodeMethod, type ClientMetadata } from "./graph-call.ts";
import type { Service, UnaryMethod } from "./method.ts";
import { modelOfTensorflow } from "./model-of-message.ts";
import type { ServerCall } from "./server-call.ts";

export const PREDICTION_SERVICE = "tensorflow.serving.PredictionService";
export const MODEL_SERVICE = "tensorflow.serving.ModelService";

const PRECONDITION = { httpStatus: 412, grpcCode: GRPC.FAILED_PRECONDITION } as const;
const ANY_MODEL = { name: "", version: "" } as const;

/** TensorFlow Serving's predictions. Only Predict can be chained: the others are for graphs of one node, and untouched. */
export function predictionService(context: ServerContext): Service {
  const ofOneNode = nodeMethod(context, passOn);
  return {
    Predict: graphMethod(context, "predict", (message) => modelOfTensorflow(message) ?? ANY_MODEL),
    Classify: ofOneNode,
    Regress: ofOneNode,
    MultiInference: ofOneNode,
    GetModelMetadata: nodeMethod(context, askModel),
  };
}

/** TensorFlow Serving's questions about models. */
export function modelService(context: ServerContext): Service {
  const notServed: UnaryMethod = {
    kind: "unary",
    answer: () => Promise.reject(nodeGrpcError(GRPC.UNIMPLEMENTED, "Not implemented")),
  };
  return { GetModelStatus: nodeMethod(context, askModel), HandleReloadConfigRequest: notServed };
}

async function passOn(served: ServedGraph, message: Buffer, client: ClientMetadata, call: ServerCall): Promise<Buffer> {
  const { graph, caller } = served;
  const { root } = graph;
  const isAlone = graph.nodes.length === 1 && root.runs.in === "container" && transportOf(root, "grpc") === "grpc";
  if (!isAlone) {
    const why = `${methodOf(call)} can't be handed on from node to node: the graph must be one node that speaks gRPC`;
    throw new CallError("bad-request", why, PRECONDITION);
  }
  return caller.callMethod(root, call.path, message, client, call.scope);
}

/** Asks the node of the model that the message's model_spec names. */
async function askModel(
  served: ServedGraph,
  message: Buffer,
  client: ClientMetadata,
  call: ServerCall,
): Promise<Buffer> {
  const asked = modelOfTensorflow(message);
  if (asked === undefined) throw new CallError("bad-request", "Missing ModelSpec");
  const { node, model } = findModel(served.graph, { modelName: asked.name, modelVersion: asked.version });
  if (node.runs.in === "builtin" || transportOf(node, "grpc") === "rest") {
    const why = `${methodOf(call)}: node ${node.name} does not speak gRPC`;
    throw new CallError("bad-request", why, PRECONDITION);
  }
  const named = model.name === asked.name ? message : underModelName(message, model.name);
  return served.caller.callMethod(node, call.path, named, client, call.scope);
}

function methodOf(call: ServerCall): string {
  return call.path.slice(call.path.lastIndexOf("/") + 1);
}
