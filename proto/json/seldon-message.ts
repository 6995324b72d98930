import { seldon } from "#proto/gen/seldon.js";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import { readMessage, type Properties } from "./read-message.ts";
import { FEEDBACK, SELDON_MESSAGE, SELDON_MESSAGE_LIST } from "./seldon-schema.ts";
import { writeMessage } from "./write-message.ts";

const { SeldonMessage, SeldonMessageList, Feedback } = seldon.protos;
type Message = seldon.protos.SeldonMessage.$Properties;

/**
 * A SeldonMessage from its proto3 JSON form, ready to be encoded. Throws TypeError that names the wrong field, RangeError
 * where a value is nested too deep.
 */
export function messageFromJson(json: Json): seldon.protos.SeldonMessage {
  return SeldonMessage.create(readMessage(SELDON_MESSAGE, json, "the message"));
}

/** A list from `{"seldonMessages": [...]}` or from the bare array. Throws as `messageFromJson`. */
export function messageListFromJson(json: Json): seldon.protos.SeldonMessageList {
  const list = isJsonObject(json) ? json : { seldonMessages: json };
  return SeldonMessageList.create(readMessage(SELDON_MESSAGE_LIST, list, "the list"));
}

/** Feedback from its JSON form. Throws as `messageFromJson`. */
export function feedbackFromJson(json: Json): seldon.protos.Feedback {
  return Feedback.create(readMessage(FEEDBACK, json, "the feedback"));
}

/** The proto3 JSON form of a SeldonMessage; `status.status` and `metrics[].type` are always said. */
export function messageToJson(message: Message): JsonObject {
  return writeMessage(SELDON_MESSAGE, message as Properties);
}

/** The messages of a list in their JSON form. */
export function messageListToJson(list: seldon.protos.SeldonMessageList.$Properties): readonly JsonObject[] {
  return (list.seldonMessages ?? []).map(messageToJson);
}

/** The JSON form of Feedback. */
export function feedbackToJson(feedback: seldon.protos.Feedback.$Properties): JsonObject {
  return writeMessage(FEEDBACK, feedback as Properties);
}
