import { isJsonObject, type Json, type JsonObject } from "#proto/json/json.ts";
import type { ModelSettings } from "./settings.ts";

/** What a node of Seldon's graph can be asked. */
export type SeldonMethod =
  "predict" | "transformInput" | "transformOutput" | "route" | "aggregate" | "sendFeedback" | "metadata";

/** What the model says to a request of Seldon's protocol, as JSON. */
export function answerSeldon(method: SeldonMethod, request: Json, settings: ModelSettings): JsonObject {
  switch (method) {
    case "predict":
      return { data: inFormOf(request, settings.answer), meta: {} };
    case "transformInput":
    case "transformOutput":
      return isJsonObject(request) ? request : {};
    case "route":
      return { data: { ndarray: [[settings.route]] } };
    case "aggregate":
      return firstOf(request);
    case "sendFeedback":
      return {};
    case "metadata":
      return { name: "scenario-model", versions: ["1"], platform: "node" };
  }
}

/** V2's inference answer for the model of this name. */
export function answerV2(model: string, request: Json, { answer }: ModelSettings): JsonObject {
  const id = isJsonObject(request) && typeof request["id"] === "string" ? { id: request["id"] } : {};
  const output = { name: "predict", shape: [1, answer.length], datatype: "FP64", data: [...answer] };
  return { model_name: model, model_version: "v1", ...id, outputs: [output] };
}

/** TensorFlow Serving's answer to `:predict`. */
export function answerTensorflow({ answer }: ModelSettings): JsonObject {
  return { predictions: [[...answer]] };
}

/** The answer's data in the form that the request had, as Seldon's Python wrapper does. */
function inFormOf(request: Json, row: readonly number[]): JsonObject {
  const names = row.map((_, i) => `t:${i}`);
  const data = isJsonObject(request) && isJsonObject(request["data"]) ? request["data"] : {};
  return "tensor" in data
    ? { names, tensor: { shape: [1, row.length], values: [...row] } }
    : { names, ndarray: [[...row]] };
}

function firstOf(request: Json): JsonObject {
  const list = Array.isArray(request) ? request : isJsonObject(request) ? request["seldonMessages"] : undefined;
  const [first] = Array.isArray(list) ? (list as readonly Json[]) : [];
  return isJsonObject(first) ? first : {};
}
