import { isJsonObject, type Json, type JsonObject } from "#proto/json/json.ts";
import type { Protocol } from "../control-plane/src/plan/deployment-plan.ts";
import { tensorOf, type TensorData } from "./tensor-data.ts";

/** Messages of one protocol over gRPC, from and to JSON. `encode` throws TypeError for what is no such message. */
interface GrpcForm {
  readonly encode: (message: Json) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => Json;
}

/** How a whole graph is asked in one protocol. */
export interface PredictionProtocol {
  readonly name: Protocol;
  /** Below the deployment's URL. */
  readonly restPath: string;
  readonly grpcMethod: string;
  /** The message around rows, or around one text. Throws TypeError where rows are no tensor. */
  readonly wrap: (data: readonly Json[] | string) => JsonObject;
  /** Loaded when it is needed. */
  readonly grpcForm: () => Promise<GrpcForm>;
}

const SELDON: PredictionProtocol = {
  name: "seldon",
  restPath: "api/v1.0/predictions",
  grpcMethod: "/seldon.protos.Seldon/Predict",
  wrap: (data) => (typeof data === "string" ? { strData: data } : { data: { ndarray: data } }),
  async grpcForm() {
    const { SeldonMessage } = (await import("#proto/gen/seldon.js")).seldon.protos;
    const { messageFromJson, messageToJson } = await import("#proto/json/seldon-message.ts");
    return {
      encode: (message) => SeldonMessage.encode(messageFromJson(message)).finish(),
      decode: (bytes) => messageToJson(SeldonMessage.decode(bytes)),
    };
  },
};

const V2_DATATYPES = { number: "FP64", boolean: "BOOL", text: "BYTES" } as const;

const V2: PredictionProtocol = {
  name: "v2",
  restPath: "v2/models/infer",
  grpcMethod: "/inference.GRPCInferenceService/ModelInfer",
  wrap(data) {
    const { kind, shape, values } = tensorOf(data);
    return { inputs: [{ name: "input-0", datatype: V2_DATATYPES[kind], shape, data: values }] };
  },
  async grpcForm() {
    const { ModelInferRequest, ModelInferResponse } = (await import("#proto/gen/inference.js")).inference;
    const { inferRequestFromJson, inferResponseToJson } = await import("#proto/json/v2-message.ts");
    return {
      encode: (message) => ModelInferRequest.encode(inferRequestFromJson(message)).finish(),
      decode: (bytes) => inferResponseToJson(ModelInferResponse.decode(bytes)),
    };
  },
};

const TENSORFLOW: PredictionProtocol = {
  name: "tensorflow",
  restPath: "v1/models/:predict",
  grpcMethod: "/tensorflow.serving.PredictionService/Predict",
  wrap: (data) => ({ instances: typeof data === "string" ? [data] : data }),
  async grpcForm() {
    const { PredictRequest, PredictResponse } = (await import("#proto/gen/tensorflow.js")).tensorflow.serving;
    const { predictRequestFromJson, predictResponseToJson } = await import("#proto/json/tensorflow-message.ts");
    return {
      encode: (message) => PredictRequest.encode(predictRequestFromJson(withTensors(message))).finish(),
      decode: (bytes) => predictResponseToJson(PredictResponse.decode(bytes)),
    };
  },
};

/** REST's `instances`, which gRPC does not have, as the input that TensorFlow calls so by default. */
function withTensors(message: Json): Json {
  if (!isJsonObject(message) || !Array.isArray(message["instances"])) return message;
  const { instances, ...rest } = message;
  return { ...rest, inputs: { inputs: tensorProtoOf(tensorOf(instances as readonly Json[])) } };
}

function tensorProtoOf({ kind, shape, values }: TensorData): JsonObject {
  const tensorShape = { dim: shape.map((size) => ({ size })) };
  switch (kind) {
    case "number":
      return { dtype: "DT_FLOAT", tensorShape, floatVal: values };
    case "boolean":
      return { dtype: "DT_BOOL", tensorShape, boolVal: values };
    case "text":
      return {
        dtype: "DT_STRING",
        tensorShape,
        stringVal: values.map((one) => Buffer.from(one as string).toString("base64")),
      };
  }
}

/** In the order in which a deployment is asked that does not say its own. */
export const PREDICTION_PROTOCOLS: readonly PredictionProtocol[] = [SELDON, V2, TENSORFLOW];

export function predictionProtocol(name: Protocol): PredictionProtocol {
  return { seldon: SELDON, v2: V2, tensorflow: TENSORFLOW }[name];
}

/** The protocol that a whole message is of, by its fields. */
export function protocolOfMessage(message: JsonObject): PredictionProtocol {
  if ("instances" in message || "signature_name" in message || "modelSpec" in message) return TENSORFLOW;
  if (Array.isArray(message["inputs"])) return V2;
  return "inputs" in message ? TENSORFLOW : SELDON;
}
