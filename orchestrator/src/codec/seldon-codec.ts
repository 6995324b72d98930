import { seldon, tensorflow } from "#proto/gen/seldon.js";
import { CallError } from "../execute/call-error.ts";
import { fromValue, toListValue, toValue, fromListValue } from "./json-value.ts";
import { optional, readObject, type JsonFields } from "./json-fields.ts";

const wire = seldon.protos;
type Message = seldon.protos.SeldonMessage.$Properties;

/** An encoded SeldonMessage as its proto3 JSON value; enums by name, 64-bit integers and bytes as text. */
export function decodeMessage(bytes: Uint8Array): JsonFields {
  return messageToJson(decoded("SeldonMessage", () => wire.SeldonMessage.decode(bytes)));
}

/** The reverse. Unknown fields and wrong kinds are CallErrors (bad-request). */
export function encodeMessage(json: unknown): Uint8Array {
  return wire.SeldonMessage.encode(messageFromJson(json, "the message")).finish();
}

/** An encoded Feedback as its proto3 JSON value. */
export function decodeFeedback(bytes: Uint8Array): JsonFields {
  const feedback = decoded("Feedback", () => wire.Feedback.decode(bytes));
  return {
    ...optional("request", feedback.request, messageToJson),
    ...optional("response", feedback.response, messageToJson),
    ...(feedback.reward === 0 ? {} : { reward: numberToJson(feedback.reward) }),
    ...optional("truth", feedback.truth, messageToJson),
  };
}

/** The reverse. */
export function encodeFeedback(json: unknown): Uint8Array {
  const fields = readObject(json, "the feedback", ["request", "response", "reward", "truth"]);
  return wire.Feedback.encode({
    ...optional("request", fields["request"], (one) => messageFromJson(one, "request")),
    ...optional("response", fields["response"], (one) => messageFromJson(one, "response")),
    ...optional("reward", fields["reward"], Number),
    ...optional("truth", fields["truth"], (one) => messageFromJson(one, "truth")),
  }).finish();
}

/** `response.meta.routing` of an encoded Feedback. */
export function decodeFeedbackRouting(bytes: Uint8Array): Readonly<Record<string, number>> | undefined {
  const feedback = decoded("Feedback", () => wire.Feedback.decode(bytes));
  return feedback.response?.meta?.routing ?? undefined;
}

function decoded<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch {
    throw new CallError("bad-request", `not an encoded ${what}`);
  }
}

function messageToJson(message: Message): JsonFields {
  return {
    ...optional("status", message.status, (one) => ({
      ...(one.code ? { code: one.code } : {}),
      ...(one.info ? { info: one.info } : {}),
      ...(one.reason ? { reason: one.reason } : {}),
      status: wire.Status.StatusFlag[one.status ?? 0] ?? one.status,
    })),
    ...optional("meta", message.meta, metaToJson),
    ...optional("data", message.data, dataToJson),
    ...optional("binData", message.binData, bytesToJson),
    ...optional("strData", message.strData, (one) => one),
    ...optional("jsonData", message.jsonData, fromValue),
    ...optional("customData", message.customData, (one) => ({
      "@type": one.type_url ?? "",
      value: bytesToJson(one.value ?? EMPTY),
    })),
  };
}

function messageFromJson(json: unknown, where: string): Message {
  const known = ["status", "meta", "data", "binData", "strData", "jsonData", "customData"];
  const fields = readObject(json, where, known);
  return {
    ...optional("status", fields["status"], statusFromJson),
    ...optional("meta", fields["meta"], metaFromJson),
    ...optional("data", fields["data"], dataFromJson),
    ...optional("binData", fields["binData"], (one) => bytesFromJson(one, "binData")),
    ...optional("strData", fields["strData"], (one) => textFromJson(one, "strData")),
    ...("jsonData" in fields ? { jsonData: toValue(fields["jsonData"]) } : {}),
    ...optional("customData", fields["customData"], (one) => {
      const any = readObject(one, "customData", ["@type", "value"]);
      return { type_url: textFromJson(any["@type"], "@type"), value: bytesFromJson(any["value"] ?? "", "customData") };
    }),
  };
}

function statusFromJson(json: unknown): seldon.protos.Status.$Properties {
  const fields = readObject(json, "status", ["code", "info", "reason", "status"]);
  return {
    ...optional("code", fields["code"], (one) => Math.trunc(numberFromJson(one, "status.code"))),
    ...optional("info", fields["info"], (one) => textFromJson(one, "status.info")),
    ...optional("reason", fields["reason"], (one) => textFromJson(one, "status.reason")),
    ...optional("status", fields["status"], (one) => enumFromJson(wire.Status.StatusFlag, one, "status.status")),
  };
}

function metaToJson(meta: seldon.protos.Meta.$Properties): JsonFields {
  return {
    ...(meta.puid ? { puid: meta.puid } : {}),
    ...optionalMap("tags", meta.tags, fromValue),
    ...optionalMap("routing", meta.routing, (one) => one),
    ...optionalMap("requestPath", meta.requestPath, (one) => one),
    ...(meta.metrics?.length
      ? {
          metrics: meta.metrics.map((one) => ({
            key: one.key ?? "",
            type: wire.Metric.MetricType[one.type ?? 0] ?? one.type,
            value: floatToJson(one.value ?? 0),
            ...optionalMap("tags", one.tags, (tag) => tag),
          })),
        }
      : {}),
  };
}

function metaFromJson(json: unknown): seldon.protos.Meta.$Properties {
  const fields = readObject(json, "meta", ["puid", "tags", "routing", "requestPath", "metrics"]);
  return {
    ...optional("puid", fields["puid"], (one) => textFromJson(one, "meta.puid")),
    ...optional("tags", fields["tags"], (one) => mapFromJson(one, "meta.tags", toValue)),
    ...optional("routing", fields["routing"], (one) =>
      mapFromJson(one, "meta.routing", (route) => Math.trunc(numberFromJson(route, "meta.routing"))),
    ),
    ...optional("requestPath", fields["requestPath"], (one) =>
      mapFromJson(one, "meta.requestPath", (image) => textFromJson(image, "meta.requestPath")),
    ),
    ...optional("metrics", fields["metrics"], (one) => arrayFromJson(one, "meta.metrics").map(metricFromJson)),
  };
}

function metricFromJson(json: unknown): seldon.protos.Metric.$Properties {
  const fields = readObject(json, "meta.metrics", ["key", "type", "value", "tags"]);
  return {
    ...optional("key", fields["key"], (one) => textFromJson(one, "metric.key")),
    ...optional("type", fields["type"], (one) => enumFromJson(wire.Metric.MetricType, one, "metric.type")),
    ...optional("value", fields["value"], (one) => numberFromJson(one, "metric.value")),
    ...optional("tags", fields["tags"], (one) => mapFromJson(one, "metric.tags", String)),
  };
}

function dataToJson(data: seldon.protos.DefaultData.$Properties): JsonFields {
  return {
    ...(data.names?.length ? { names: data.names } : {}),
    ...optional("tensor", data.tensor, (one) => ({
      shape: one.shape ?? [],
      values: (one.values ?? []).map(numberToJson),
    })),
    ...optional("ndarray", data.ndarray, fromListValue),
    ...optional(
      "tftensor",
      data.tftensor,
      (one) =>
        tensorflow.TensorProto.toObject(tensorflow.TensorProto.fromObject(one), {
          longs: String,
          enums: String,
          bytes: String,
          json: true,
        }) as JsonFields,
    ),
  };
}

function dataFromJson(json: unknown): seldon.protos.DefaultData.$Properties {
  const fields = readObject(json, "data", ["names", "tensor", "ndarray", "tftensor"]);
  return {
    ...optional("names", fields["names"], (one) => arrayFromJson(one, "data.names").map(String)),
    ...optional("tensor", fields["tensor"], (one) => {
      const tensor = readObject(one, "data.tensor", ["shape", "values"]);
      return {
        shape: arrayFromJson(tensor["shape"] ?? [], "tensor.shape").map((n) => numberFromJson(n, "tensor.shape")),
        values: arrayFromJson(tensor["values"] ?? [], "tensor.values").map((n) => numberFromJson(n, "tensor.values")),
      };
    }),
    ...optional("ndarray", fields["ndarray"], (one) => toListValue(arrayFromJson(one, "data.ndarray"))),
    ...optional("tftensor", fields["tftensor"], tfTensorFromJson),
  };
}

function tfTensorFromJson(json: unknown): tensorflow.TensorProto {
  try {
    return tensorflow.TensorProto.fromObject(camelKeys(json) as Record<string, unknown>);
  } catch (error) {
    throw new CallError("bad-request", `data.tftensor: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** proto3 JSON may spell a field the proto way: tensor_shape for tensorShape. */
function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camelKeys(one),
    ]),
  );
}

const EMPTY = new Uint8Array(0);

function bytesToJson(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function bytesFromJson(json: unknown, where: string): Uint8Array {
  return Buffer.from(textFromJson(json, where), "base64");
}

/** JSON has no NaN and no infinities: proto3 writes them as text. */
function numberToJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** The shortest decimal that means the same 32-bit float: 22.1 rather than 22.100000381469727. */
function floatToJson(value: number): number | string {
  for (let digits = 6; digits <= 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return numberToJson(value);
}

function numberFromJson(json: unknown, where: string): number {
  if (typeof json === "number") return json;
  if (typeof json === "string" && json.trim() !== "" && (json === "NaN" || !Number.isNaN(Number(json)))) {
    return Number(json);
  }
  throw new CallError("bad-request", `${where} must be a number`);
}

function textFromJson(json: unknown, where: string): string {
  if (typeof json === "string") return json;
  throw new CallError("bad-request", `${where} must be text`);
}

function arrayFromJson(json: unknown, where: string): readonly unknown[] {
  if (Array.isArray(json)) return json as readonly unknown[];
  throw new CallError("bad-request", `${where} must be an array`);
}

function enumFromJson<T extends object>(names: T, json: unknown, where: string): T[keyof T] {
  if (typeof json === "number" && Number.isInteger(json)) return json as T[keyof T];
  const value: unknown = typeof json === "string" ? (names as Readonly<Record<string, unknown>>)[json] : undefined;
  if (typeof value === "number") return value as T[keyof T];
  throw new CallError("bad-request", `${where} must be one of ${Object.keys(names).join(", ")}`);
}

function mapFromJson<T>(json: unknown, where: string, read: (value: unknown) => T): Record<string, T> {
  const entries = Object.entries(readObject(json, where)).map(([key, value]) => [key, read(value)] as const);
  return Object.fromEntries(entries);
}

function optionalMap<T>(
  name: string,
  map: Readonly<Record<string, T>> | null | undefined,
  write: (value: T) => unknown,
): JsonFields {
  const entries = Object.entries(map ?? {});
  if (entries.length === 0) return {};
  return { [name]: Object.fromEntries(entries.map(([key, value]) => [key, write(value)])) };
}
