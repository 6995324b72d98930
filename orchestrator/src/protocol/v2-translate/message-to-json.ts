import { inference } from "#proto/gen/inference.js";
import { JSON_TYPE, type GrpcPayload, type RestPayload } from "../../execute/payload.ts";
import { rawContentsOf } from "../tensors/raw-contents.ts";
import { jsonOfContents, jsonOfRaw } from "./contents-json.ts";

type Parameter = inference.InferParameter.$Properties;

interface Tensor {
  readonly name?: string | null;
  readonly datatype?: string | null;
  readonly shape?: readonly unknown[] | null;
  readonly parameters?: Readonly<Record<string, Parameter>> | null;
  readonly contents?: inference.InferTensorContents.$Properties | null;
}

/**
 * A ModelInferRequest or ModelInferResponse as a V2 body. Contents become JSON data, 64-bit integers with all their
 * digits; what JSON can't say (NaN, infinities, bytes that are no text) follows as a binary tensor. Throws on bytes
 * that are no such message.
 */
export function jsonOfMessage(payload: GrpcPayload): RestPayload {
  const tails: Buffer[] = [];
  const json = payload.isReply === true ? replyJson(payload.body, tails) : requestJson(payload.body, tails);
  const head = Buffer.from(json);
  const isReply = payload.isReply === true;
  if (tails.length === 0)
    return { transport: "rest", body: head, contentType: JSON_TYPE, contentEncoding: "", isReply };
  return {
    transport: "rest",
    body: Buffer.concat([head, ...tails]),
    contentType: "application/octet-stream",
    contentEncoding: "",
    jsonLength: String(head.length),
    isReply,
  };
}

function requestJson(bytes: Buffer, tails: Buffer[]): string {
  const message = inference.ModelInferRequest.decode(bytes);
  const outputs = message.outputs.map((one) => objectOf([["name", text(one.name)], parametersOf(one.parameters)]));
  return objectOf([
    given("id", message.id),
    parametersOf(message.parameters),
    ["inputs", listOf(message.inputs.map((one, i) => tensorJson(one, message.rawInputContents[i], tails)))],
    outputs.length === 0 ? undefined : ["outputs", listOf(outputs)],
  ]);
}

function replyJson(bytes: Buffer, tails: Buffer[]): string {
  const message = inference.ModelInferResponse.decode(bytes);
  return objectOf([
    ["model_name", text(message.modelName)],
    given("model_version", message.modelVersion),
    given("id", message.id),
    parametersOf(message.parameters),
    ["outputs", listOf(message.outputs.map((one, i) => tensorJson(one, message.rawOutputContents[i], tails)))],
  ]);
}

function tensorJson(tensor: Tensor, raw: Uint8Array | undefined, tails: Buffer[]): string {
  const datatype = tensor.datatype ?? "";
  const data = raw === undefined ? jsonOfContents(datatype, tensor.contents ?? {}) : jsonOfRaw(datatype, raw);
  const head = [
    ["name", text(tensor.name)],
    ["datatype", text(datatype)],
    ["shape", listOf((tensor.shape ?? []).map(String))],
  ] as const;
  if (data !== undefined) return objectOf([...head, parametersOf(tensor.parameters), ["data", data]]);
  const tail = Buffer.from(raw ?? rawContentsOf(datatype, tensor.contents ?? {}));
  tails.push(tail);
  const parameters = { ...tensor.parameters, binary_data_size: { int64Param: tail.length } };
  return objectOf([...head, parametersOf(parameters)]);
}

type Member = readonly [name: string, json: string] | undefined;

function parametersOf(parameters: Readonly<Record<string, Parameter>> | null | undefined): Member {
  const entries = Object.entries(parameters ?? {});
  if (entries.length === 0) return undefined;
  return ["parameters", objectOf(entries.map(([name, one]) => [name, parameterJson(one)]))];
}

function parameterJson(parameter: Parameter): string {
  const { boolParam, int64Param, uint64Param, doubleParam, stringParam } = parameter;
  const integer = int64Param ?? uint64Param;
  if (integer !== undefined && integer !== null) return String(integer);
  return JSON.stringify(boolParam ?? doubleParam ?? stringParam ?? "");
}

function given(name: string, value: string): Member {
  return value === "" ? undefined : [name, text(value)];
}

function text(value: string | null | undefined): string {
  return JSON.stringify(value ?? "");
}

function listOf(parts: readonly string[]): string {
  return `[${parts.join(",")}]`;
}

function objectOf(members: readonly Member[]): string {
  const written = members.flatMap((one) => (one === undefined ? [] : [`${JSON.stringify(one[0])}:${one[1]}`]));
  return `{${written.join(",")}}`;
}
