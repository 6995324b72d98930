import { get, post, ref, type OpenApi } from "./api.ts";

const text = { type: "string" };
const numbers = { type: "array", items: { type: "number" } };

const SCHEMAS = {
  SeldonMessage: {
    type: "object",
    properties: {
      status: ref("Status"),
      meta: ref("Meta"),
      data: ref("DefaultData"),
      binData: { type: "string", format: "byte" },
      strData: text,
      jsonData: {},
      customData: { type: "object" },
    },
  },
  DefaultData: {
    type: "object",
    properties: {
      names: { type: "array", items: text },
      tensor: { type: "object", properties: { shape: { type: "array", items: { type: "integer" } }, values: numbers } },
      ndarray: { type: "array", items: {} },
      tftensor: { type: "object" },
    },
  },
  Meta: {
    type: "object",
    properties: {
      puid: text,
      tags: { type: "object" },
      routing: { type: "object", additionalProperties: { type: "integer" } },
      requestPath: { type: "object", additionalProperties: text },
      metrics: { type: "array", items: ref("Metric") },
    },
  },
  Metric: {
    type: "object",
    properties: {
      key: text,
      type: { type: "string", enum: ["COUNTER", "GAUGE", "TIMER"] },
      value: { type: "number" },
      tags: { type: "object", additionalProperties: text },
    },
  },
  Status: {
    type: "object",
    properties: {
      code: { type: "integer" },
      info: text,
      reason: text,
      status: { type: "string", enum: ["SUCCESS", "FAILURE"] },
    },
  },
  Feedback: {
    type: "object",
    properties: {
      request: ref("SeldonMessage"),
      response: ref("SeldonMessage"),
      reward: { type: "number" },
      truth: ref("SeldonMessage"),
    },
  },
  Metadata: { type: "object" },
  Error: { type: "object", properties: { status: ref("Status") } },
};

/** What protocol seldon serves over REST. */
export function seldonApi(): OpenApi {
  return {
    openapi: "3.0.3",
    info: {
      title: "Inference graph",
      version: "1.0",
      description: "Predictions, feedback and metadata of one predictor, in Seldon's protocol.",
    },
    paths: {
      "/api/v1.0/predictions": {
        post: post("Ask for a prediction", "predict", "SeldonMessage", "SeldonMessage", []),
      },
      "/api/v1.0/feedback": { post: post("Reward an answer", "feedback", "Feedback", "SeldonMessage", []) },
      "/api/v1.0/status": { get: get("Whether the graph is ready", "graphStatus", undefined, []) },
      "/api/v1.0/status/{model}": { get: get("A node's health", "status", "Metadata", ["model"]) },
      "/api/v1.0/metadata": { get: get("The graph's metadata", "graphMetadata", "Metadata", []) },
      "/api/v1.0/metadata/{model}": { get: get("A node's metadata", "metadata", "Metadata", ["model"]) },
    },
    components: { schemas: SCHEMAS },
  };
}
