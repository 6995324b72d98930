import { google } from "#proto/gen/seldon.js";
import { isJsonObject, type Json } from "./json.ts";

type ValueProperties = google.protobuf.Value.$Properties;

/**
 * Deeper values are refused: both ways recurse, and a message comes from a client. Each level is two messages on the
 * wire, of which protobuf takes a hundred.
 */
const MAX_DEPTH = 46;

/** google.protobuf.Value as JSON; NaN and infinities, which JSON lacks, are null. Throws RangeError when too deep. */
export function valueToJson(value: ValueProperties | null | undefined, depth = 0): Json {
  if (depth > MAX_DEPTH) throw tooDeep();
  if (value?.listValue) return listToJson(value.listValue, depth);
  if (value?.structValue) {
    return mapValues(value.structValue.fields ?? {}, (field) => valueToJson(field, depth + 1));
  }
  const number = value?.numberValue ?? undefined;
  if (number !== undefined) return Number.isFinite(number) ? number : null;
  return value?.stringValue ?? value?.boolValue ?? null;
}

/** google.protobuf.ListValue as a JSON array. Throws RangeError when too deep. */
export function listToJson(list: google.protobuf.ListValue.$Properties, depth = 0): readonly Json[] {
  return (list.values ?? []).map((value) => valueToJson(value, depth + 1));
}

/** JSON as google.protobuf.Value. Throws RangeError when nested too deep. */
export function jsonToValue(json: Json, depth = 0): ValueProperties {
  if (depth > MAX_DEPTH) throw tooDeep();
  if (typeof json === "number") return { numberValue: json };
  if (typeof json === "string") return { stringValue: json };
  if (typeof json === "boolean") return { boolValue: json };
  if (json === null) return { nullValue: google.protobuf.NullValue.NULL_VALUE };
  if (isJsonObject(json)) {
    return { structValue: { fields: mapValues(json, (field) => jsonToValue(field, depth + 1)) } };
  }
  return { listValue: { values: json.map((item) => jsonToValue(item, depth + 1)) } };
}

/** The same keys with mapped values; a key `__proto__` stays a plain key. */
export function mapValues<A, B>(object: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}

function tooDeep(): RangeError {
  return new RangeError(`a value is nested deeper than ${MAX_DEPTH}`);
}
