import type { google } from "#proto/gen/seldon.js";
import type { Json, JsonObject } from "./json.ts";
import { listToJson, mapValues, valueToJson } from "./protobuf-value.ts";
import type { Properties } from "./read-message.ts";
import { isDefault, writeScalar } from "./scalar.ts";
import type { Field, Kind, MessageKind } from "./schema.ts";

/**
 * A decoded message in its proto3 JSON form: what is not set is left out, enumerations are names, 64-bit integers, NaN
 * and infinities are text, bytes are base64. Throws RangeError when a value is nested too deep.
 */
export function writeMessage(kind: MessageKind, message: Properties): JsonObject {
  const json: Record<string, Json> = {};
  for (const [name, field] of kind.fields) {
    const value = message[field.property];
    if (value === null || value === undefined) continue;
    const hasPresence = kind.oneof.has(name);
    // A default that was not on the wire stands on the prototype.
    if (hasPresence && !Object.hasOwn(message, field.property)) continue;
    const written = writeField(field, value, hasPresence);
    if (written !== undefined) json[name] = written;
  }
  return json;
}

/** Undefined: nothing that is worth writing. */
function writeField(field: Field, value: unknown, hasPresence: boolean): Json | undefined {
  switch (field.label) {
    case "one": {
      const isEmpty = typeof field.kind === "object" && !("enum" in field.kind) ? false : isDefault(value);
      return isEmpty && !hasPresence && !field.always ? undefined : writeKind(field.kind, value);
    }
    case "many": {
      const items = value as readonly unknown[];
      return items.length === 0 ? undefined : writeItems(field.kind, items);
    }
    case "map": {
      const map = value as Properties;
      return Object.keys(map).length === 0 ? undefined : mapValues(map, (one) => writeKind(field.kind, one));
    }
  }
}

function writeItems(kind: Kind, items: readonly unknown[]): readonly Json[] {
  // The great arrays of numbers: as they are, wherever JSON has a number for each.
  if (kind === "int32" || (kind === "double" && items.every(Number.isFinite))) return items as readonly number[];
  return items.map((item) => writeKind(kind, item));
}

function writeKind(kind: Kind, value: unknown): Json {
  if (typeof kind === "object") {
    if ("enum" in kind) return kind.enum[String(value)] ?? (value as number);
    return writeMessage(kind, value as Properties);
  }
  if (kind === "value") return valueToJson(value as google.protobuf.Value.$Properties);
  if (kind === "list") return listToJson(value as google.protobuf.ListValue.$Properties);
  if (kind === "refused") throw new TypeError("the message holds a tensor of variants, which has no JSON form");
  return writeScalar(kind, value);
}
