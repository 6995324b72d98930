import { isUtf8 } from "node:buffer";
import { inference } from "#proto/gen/inference.js";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import { readMessage } from "./read-message.ts";
import { elementReaderOf, splitBytesElements } from "./tensor-elements.ts";
import { INFER_REQUEST } from "./v2-schema.ts";

const { ModelInferRequest } = inference;
type Contents = inference.InferTensorContents.$Properties;
type OutputTensor = inference.ModelInferResponse.InferOutputTensor.$Properties;
type Parameter = inference.InferParameter.$Properties;

/** Where the values of a datatype stand in typed contents. */
const CONTENTS_OF: Readonly<Record<string, keyof Contents>> = {
  BOOL: "boolContents",
  INT8: "intContents",
  INT16: "intContents",
  INT32: "intContents",
  INT64: "int64Contents",
  UINT8: "uintContents",
  UINT16: "uintContents",
  UINT32: "uintContents",
  UINT64: "uint64Contents",
  FP32: "fp32Contents",
  FP64: "fp64Contents",
  BYTES: "bytesContents",
};

/**
 * A ModelInferRequest from the JSON that V2 has over REST (`data`, plain parameters); the proto3 JSON form is read too. Throws
 * TypeError that says where and what.
 */
export function inferRequestFromJson(json: Json): inference.ModelInferRequest {
  return ModelInferRequest.create(readMessage(INFER_REQUEST, withContents(json), "the message"));
}

/** A ModelInferResponse in the JSON that V2 has over REST. 64-bit integers beyond 2^53, NaN and infinities are text. */
export function inferResponseToJson(response: inference.ModelInferResponse.$Properties): JsonObject {
  const { modelName, modelVersion, id, parameters, outputs, rawOutputContents: raw } = response;
  return {
    ...present("model_name", modelName),
    ...present("model_version", modelVersion),
    ...present("id", id),
    ...parametersToJson(parameters),
    outputs: (outputs ?? []).map((output, i) => ({
      name: output.name ?? "",
      datatype: output.datatype ?? "",
      shape: (output.shape ?? []).map(toJson),
      ...parametersToJson(output.parameters),
      data: dataOf(output, raw?.[i]),
    })),
  };
}

function withContents(json: Json): Json {
  if (!isJsonObject(json)) return json;
  const { inputs, outputs } = json;
  return {
    ...plainParameters(json),
    ...(Array.isArray(inputs) ? { inputs: (inputs as readonly Json[]).map(inputWithContents) } : {}),
    ...(Array.isArray(outputs)
      ? { outputs: (outputs as readonly Json[]).map((one) => (isJsonObject(one) ? plainParameters(one) : one)) }
      : {}),
  };
}

function inputWithContents(json: Json, at: number): Json {
  if (!isJsonObject(json)) return json;
  const { data, ...rest } = plainParameters(json);
  if (data === undefined) return rest;
  const datatype = typeof rest["datatype"] === "string" ? rest["datatype"] : "";
  const field = Object.hasOwn(CONTENTS_OF, datatype) ? CONTENTS_OF[datatype] : undefined;
  if (field === undefined)
    throw new TypeError(`inputs[${at}].data can't be said over gRPC with datatype "${datatype}"`);
  const values = flatten(data);
  return { ...rest, contents: { [field]: field === "bytesContents" ? values.map(toBase64) : values } };
}

/** Plain values of parameters as the message has them. */
function plainParameters(json: JsonObject): JsonObject {
  if (!isJsonObject(json["parameters"])) return json;
  const entries = Object.entries(json["parameters"]).map(([name, value]) => [name, parameterOf(value)] as const);
  return { ...json, parameters: Object.fromEntries(entries) };
}

function parameterOf(value: Json): Json {
  if (typeof value === "boolean") return { boolParam: value };
  if (typeof value === "string") return { stringParam: value };
  if (typeof value === "number") return Number.isInteger(value) ? { int64Param: value } : { doubleParam: value };
  return value;
}

function flatten(data: Json | undefined): readonly Json[] {
  return Array.isArray(data) ? (data as readonly Json[]).flatMap(flatten) : [data ?? null];
}

function toBase64(value: Json): Json {
  return typeof value === "string" ? Buffer.from(value, "utf8").toString("base64") : value;
}

function present(name: string, value: string | null | undefined): JsonObject {
  return value === undefined || value === null || value === "" ? {} : { [name]: value };
}

function parametersToJson(parameters: Readonly<Record<string, Parameter>> | null | undefined): JsonObject {
  const entries = Object.entries(parameters ?? {}).map(([name, one]) => [name, valueOf(one)] as const);
  return entries.length === 0 ? {} : { parameters: Object.fromEntries(entries) };
}

/** The one that is set; the others have defaults that were never sent. */
function valueOf(parameter: Parameter): Json {
  const [value] = Object.values(parameter) as readonly unknown[];
  return toJson(value ?? "");
}

function dataOf({ datatype, contents }: OutputTensor, raw: Uint8Array | undefined): readonly Json[] {
  if (raw !== undefined) return dataOfRaw(datatype ?? "", raw);
  const field = CONTENTS_OF[datatype ?? ""];
  const values = (field === undefined ? undefined : contents?.[field]) ?? [];
  return (values as readonly unknown[]).map(toJson);
}

/** Contents of a datatype that is not known, or that are cut off, stay bytes. */
function dataOfRaw(datatype: string, raw: Uint8Array): readonly Json[] {
  if (datatype === "BYTES") return (splitBytesElements(raw) ?? [raw]).map(toJson);
  const reader = elementReaderOf(datatype);
  if (reader === undefined || raw.length % reader.size !== 0) return [toJson(raw)];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: raw.length / reader.size }, (_, i) => {
    const value = reader.read(view, i * reader.size);
    return datatype === "BOOL" ? value !== 0 : toJson(value);
  });
}

/** Bytes are their text where they are UTF-8, else base64; 64-bit integers come as objects or bigints. */
function toJson(value: unknown): Json {
  if (value instanceof Uint8Array) return Buffer.from(value).toString(isUtf8(value) ? "utf8" : "base64");
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "boolean" || typeof value === "string") return value;
  const digits = String(value);
  return Number.isSafeInteger(Number(digits)) ? Number(digits) : digits;
}
