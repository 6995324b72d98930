import { seldon } from "#proto/gen/seldon.js";
import type { Json, JsonObject } from "../../../proto/json/json.ts";
import {
  feedbackFromJson,
  feedbackToJson,
  messageFromJson,
  messageToJson,
} from "../../../proto/json/seldon-message.ts";
import { CallError } from "../execute/call-error.ts";

const { SeldonMessage, Feedback } = seldon.protos;

/** An encoded SeldonMessage as its proto3 JSON value. */
export function decodeMessage(bytes: Uint8Array): JsonObject {
  const message = decoded("SeldonMessage", () => SeldonMessage.decode(bytes));
  return translated(() => messageToJson(message));
}

/** The reverse. Unknown fields and wrong kinds are CallErrors (bad-request). */
export function encodeMessage(json: unknown): Uint8Array {
  return translated(() => SeldonMessage.encode(messageFromJson(json as Json)).finish());
}

/** An encoded Feedback as its proto3 JSON value. */
export function decodeFeedback(bytes: Uint8Array): JsonObject {
  const feedback = decoded("Feedback", () => Feedback.decode(bytes));
  return translated(() => feedbackToJson(feedback));
}

/** The reverse. */
export function encodeFeedback(json: unknown): Uint8Array {
  return translated(() => Feedback.encode(feedbackFromJson(json as Json)).finish());
}

/** `response.meta.routing` of an encoded Feedback. */
export function decodeFeedbackRouting(bytes: Uint8Array): Readonly<Record<string, number>> | undefined {
  const feedback = decoded("Feedback", () => Feedback.decode(bytes));
  return feedback.response?.meta?.routing ?? undefined;
}

function decoded<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch {
    throw new CallError("bad-request", `not an encoded ${what}`);
  }
}

/** What a message can't say in the other form is its writer's fault. */
function translated<T>(translate: () => T): T {
  try {
    return translate();
  } catch (error) {
    throw new CallError("bad-request", error instanceof Error ? error.message : String(error));
  }
}
