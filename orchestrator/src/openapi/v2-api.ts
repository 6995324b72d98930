import { get, post, ref, type OpenApi } from "./api.ts";

const text = { type: "string" };
const shape = { type: "array", items: { type: "integer", format: "int64" } };
const parameters = { type: "object", additionalProperties: {} };
const tensor = {
  type: "object",
  required: ["name", "shape", "datatype"],
  properties: { name: text, shape, datatype: text, parameters, data: { type: "array", items: {} } },
};

const SCHEMAS = {
  InferRequest: {
    type: "object",
    required: ["inputs"],
    properties: {
      id: text,
      parameters,
      inputs: { type: "array", items: tensor },
      outputs: { type: "array", items: { type: "object", properties: { name: text, parameters } } },
    },
  },
  InferResponse: {
    type: "object",
    required: ["model_name", "outputs"],
    properties: {
      model_name: text,
      model_version: text,
      id: text,
      parameters,
      outputs: { type: "array", items: tensor },
    },
  },
  ServerMetadata: {
    type: "object",
    properties: { name: text, version: text, extensions: { type: "array", items: text } },
  },
  ModelMetadata: {
    type: "object",
    properties: {
      name: text,
      versions: { type: "array", items: text },
      platform: text,
      inputs: { type: "array", items: ref("TensorMetadata") },
      outputs: { type: "array", items: ref("TensorMetadata") },
    },
  },
  TensorMetadata: { type: "object", properties: { name: text, datatype: text, shape } },
  ModelStatus: { type: "object", properties: { name: text, ready: { type: "boolean" } } },
  Error: { type: "object", properties: { error: text } },
};

const MODEL = ["model"];
const VERSION = ["model", "version"];

/** What protocol v2 serves over REST. */
export function v2Api(): OpenApi {
  const infer = (id: string, names: readonly string[]) =>
    post("Ask for an inference", id, "InferRequest", "InferResponse", names);
  return {
    openapi: "3.0.3",
    info: {
      title: "Inference graph",
      version: "2.0",
      description: "Inference and metadata of one predictor, in the Open Inference Protocol (V2).",
    },
    paths: {
      "/v2": { get: get("The server", "serverMetadata", "ServerMetadata", []) },
      "/v2/health/live": { get: get("Whether the server lives", "serverLive", undefined, []) },
      "/v2/health/ready": { get: get("Whether the graph is ready", "serverReady", undefined, []) },
      "/v2/models/infer": { post: infer("graphInfer", []) },
      "/v2/models/{model}/infer": { post: infer("modelInfer", MODEL) },
      "/v2/models/{model}": { get: get("A model", "modelMetadata", "ModelMetadata", MODEL) },
      "/v2/models/{model}/ready": { get: get("Whether a model is ready", "modelReady", "ModelStatus", MODEL) },
      "/v2/models/{model}/versions/{version}/infer": { post: infer("modelVersionInfer", VERSION) },
      "/v2/models/{model}/versions/{version}": {
        get: get("A version of a model", "modelVersionMetadata", "ModelMetadata", VERSION),
      },
      "/v2/models/{model}/versions/{version}/ready": {
        get: get("Whether a version of a model is ready", "modelVersionReady", "ModelStatus", VERSION),
      },
    },
    components: { schemas: SCHEMAS },
  };
}
