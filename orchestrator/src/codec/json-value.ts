import { google } from "#proto/gen/seldon.js";
import { CallError } from "../execute/call-error.ts";

type Value = google.protobuf.Value.$Properties;
type ListValue = google.protobuf.ListValue.$Properties;

const NULL = google.protobuf.NullValue.NULL_VALUE;

/** Deeper values are refused, so that no message can exhaust the stack. */
const MAX_DEPTH = 100;

/** JSON -> google.protobuf.Value. */
export function toValue(json: unknown, depth = 0): Value {
  if (depth > MAX_DEPTH) throw new CallError("bad-request", `the data is nested deeper than ${MAX_DEPTH}`);
  if (json === null || json === undefined) return { nullValue: NULL };
  if (typeof json === "number") return { numberValue: json };
  if (typeof json === "string") return { stringValue: json };
  if (typeof json === "boolean") return { boolValue: json };
  if (Array.isArray(json)) return { listValue: toListValue(json, depth) };
  if (typeof json !== "object") throw new CallError("bad-request", `${typeof json} is not JSON`);
  const entries = Object.entries(json).map(([key, value]) => [key, toValue(value, depth + 1)] as const);
  return { structValue: { fields: Object.fromEntries(entries) } };
}

/** JSON array -> google.protobuf.ListValue. */
export function toListValue(json: readonly unknown[], depth = 0): ListValue {
  return { values: json.map((one) => toValue(one, depth + 1)) };
}

/** google.protobuf.Value -> JSON. */
export function fromValue(value: Value): unknown {
  if (value.numberValue !== undefined && value.numberValue !== null) return value.numberValue;
  if (value.stringValue !== undefined && value.stringValue !== null) return value.stringValue;
  if (value.boolValue !== undefined && value.boolValue !== null) return value.boolValue;
  if (value.listValue) return fromListValue(value.listValue);
  if (value.structValue) {
    const entries = Object.entries(value.structValue.fields ?? {}).map(([key, one]) => [key, fromValue(one)] as const);
    return Object.fromEntries(entries);
  }
  return null;
}

/** google.protobuf.ListValue -> JSON array. */
export function fromListValue(list: ListValue): unknown[] {
  return (list.values ?? []).map(fromValue);
}
