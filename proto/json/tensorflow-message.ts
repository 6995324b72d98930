import { tensorflow } from "#proto/gen/tensorflow.js";
import type { Json, JsonObject } from "./json.ts";
import { readMessage, type Properties } from "./read-message.ts";
import { mapOf, many, message } from "./schema.ts";
import { TENSOR_PROTO } from "./seldon-schema.ts";
import { writeMessage } from "./write-message.ts";

const { PredictRequest } = tensorflow.serving;

const VERSION = message("modelSpec.version", { value: "int64" });
const MODEL_SPEC = message("modelSpec", {
  name: "string",
  version: VERSION,
  versionLabel: "string",
  signatureName: "string",
});
const PREDICT_REQUEST = message("PredictRequest", {
  modelSpec: MODEL_SPEC,
  inputs: mapOf(TENSOR_PROTO),
  outputFilter: many("string"),
});
const PREDICT_RESPONSE = message("PredictResponse", { outputs: mapOf(TENSOR_PROTO), modelSpec: MODEL_SPEC });

/** A PredictRequest of TensorFlow Serving from its proto3 JSON form. Throws as `readMessage`. */
export function predictRequestFromJson(json: Json): tensorflow.serving.PredictRequest {
  return PredictRequest.create(readMessage(PREDICT_REQUEST, json, "the message"));
}

/** The proto3 JSON form of a PredictResponse. */
export function predictResponseToJson(response: tensorflow.serving.PredictResponse.$Properties): JsonObject {
  return writeMessage(PREDICT_RESPONSE, response as Properties);
}
