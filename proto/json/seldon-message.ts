import { seldon } from "#proto/gen/seldon.js";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import { jsonToValue, listToJson, mapValues, valueToJson } from "./protobuf-value.ts";

const { SeldonMessage, SeldonMessageList, Feedback } = seldon.protos;

const PLAIN = { enums: String, bytes: String, longs: String };

/** Reads a plain object's unknown field as an error: protobuf's own conversion drops it in silence. */
function refuseUnknown(object: JsonObject, known: readonly string[], where: string): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`${where} has no field ${JSON.stringify(unknown)}; its fields are ${known.join(", ")}`);
  }
}

function asObject(json: Json | undefined, where: string): JsonObject {
  if (!isJsonObject(json)) throw new TypeError(`${where} must be an object`);
  return json;
}

function metaToPlain(json: Json): object {
  const meta = asObject(json, "meta");
  refuseUnknown(meta, ["puid", "tags", "routing", "requestPath", "metrics"], "meta");
  const { tags, ...rest } = meta;
  return tags === undefined || tags === null
    ? rest
    : { ...rest, tags: mapValues(asObject(tags, "meta.tags"), (tag) => jsonToValue(tag)) };
}

function dataToPlain(json: Json): object {
  const data = asObject(json, "data");
  refuseUnknown(data, ["names", "tensor", "ndarray", "tftensor"], "data");
  const { ndarray, ...rest } = data;
  if (ndarray === undefined || ndarray === null) return rest;
  if (!Array.isArray(ndarray)) throw new TypeError("data.ndarray must be an array");
  return { ...rest, ndarray: jsonToValue(ndarray).listValue };
}

function messageToPlain(json: Json): object {
  const message = asObject(json, "the message");
  refuseUnknown(message, ["status", "meta", "data", "binData", "strData", "jsonData", "customData"], "SeldonMessage");
  const { meta, data, jsonData, ...rest } = message;
  return {
    ...rest,
    ...(meta === undefined || meta === null ? {} : { meta: metaToPlain(meta) }),
    ...(data === undefined || data === null ? {} : { data: dataToPlain(data) }),
    ...(jsonData === undefined ? {} : { jsonData: jsonToValue(jsonData) }),
  };
}

/** A SeldonMessage from its JSON form (`binData` in base64). Throws TypeError or RangeError that names the wrong field. */
export function messageFromJson(json: Json): seldon.protos.SeldonMessage {
  return SeldonMessage.fromObject(messageToPlain(json));
}

/** A list from `{"seldonMessages": [...]}` or from the bare array. Throws as `messageFromJson`. */
export function messageListFromJson(json: Json): seldon.protos.SeldonMessageList {
  const items = isJsonObject(json) ? json["seldonMessages"] : json;
  if (!Array.isArray(items)) throw new TypeError("a list of messages must be an array");
  return SeldonMessageList.fromObject({ seldonMessages: items.map((item: Json) => messageToPlain(item)) });
}

/** Feedback from its JSON form. Throws as `messageFromJson`. */
export function feedbackFromJson(json: Json): seldon.protos.Feedback {
  const feedback = asObject(json, "the feedback");
  refuseUnknown(feedback, ["request", "response", "reward", "truth"], "Feedback");
  const { request, response, truth, ...rest } = feedback;
  const messages = Object.entries({ request, response, truth }).flatMap(([key, value]) =>
    value === undefined || value === null ? [] : [[key, messageToPlain(value)]],
  );
  return Feedback.fromObject({ ...rest, ...(Object.fromEntries(messages) as object) });
}

function metaToJson(meta: seldon.protos.Meta.$Properties, plain: JsonObject): JsonObject {
  return isJsonObject(plain["tags"])
    ? { ...plain, tags: mapValues(meta.tags ?? {}, (tag) => valueToJson(tag)) }
    : plain;
}

function dataToJson(data: seldon.protos.DefaultData.$Properties, plain: JsonObject): JsonObject {
  return data.ndarray ? { ...plain, ndarray: listToJson(data.ndarray) } : plain;
}

/** The JSON form of a SeldonMessage: fields that are not set are left out, enums are names, bytes are base64. */
export function messageToJson(message: seldon.protos.SeldonMessage): JsonObject {
  const plain: Readonly<Record<string, Json>> = SeldonMessage.toObject(message, PLAIN);
  const { meta, data, jsonData, ...rest } = plain;
  return {
    ...rest,
    ...(isJsonObject(meta) && message.meta ? { meta: metaToJson(message.meta, meta) } : {}),
    ...(isJsonObject(data) && message.data ? { data: dataToJson(message.data, data) } : {}),
    ...(jsonData === undefined ? {} : { jsonData: valueToJson(message.jsonData) }),
  };
}

/** The messages of a list in their JSON form. */
export function messageListToJson(list: seldon.protos.SeldonMessageList): readonly JsonObject[] {
  return list.seldonMessages.map((message) => messageToJson(SeldonMessage.create(message)));
}

/** The JSON form of Feedback. */
export function feedbackToJson(feedback: seldon.protos.Feedback): JsonObject {
  const { request, response, truth } = feedback;
  return {
    ...(request ? { request: messageToJson(SeldonMessage.create(request)) } : {}),
    ...(response ? { response: messageToJson(SeldonMessage.create(response)) } : {}),
    reward: feedback.reward,
    ...(truth ? { truth: messageToJson(SeldonMessage.create(truth)) } : {}),
  };
}
