import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import { jsonToValue, mapValues } from "./protobuf-value.ts";
import { readScalar } from "./scalar.ts";
import type { EnumKind, Field, Kind, MessageKind } from "./schema.ts";

/** The properties that protobufjs encodes. */
export type Properties = Readonly<Record<string, unknown>>;

/**
 * Reads a message from its proto3 JSON form: null is the same as absent, names may be written the proto way, 64-bit
 * integers, NaN and infinities come as text, enumerations by name or number. Throws TypeError that says where and what.
 */
export function readMessage(kind: MessageKind, json: Json, where: string): Properties {
  if (!isJsonObject(json)) throw new TypeError(`${where} must be an object`);
  const properties: Record<string, unknown> = {};
  let chosen: string | undefined;
  for (const [key, value] of Object.entries(json)) {
    const name = kind.aliases.get(key) ?? key;
    const field = kind.fields.get(name);
    if (field === undefined) throw unknownField(kind, key);
    if (value === null && !(field.kind === "value" && isAlone(kind, json))) continue;
    if (kind.oneof.has(name)) {
      if (chosen !== undefined)
        throw new TypeError(`${kind.name} holds ${chosen} and ${name}; it can hold one of them`);
      chosen = name;
    }
    properties[field.property] = readField(field, value, name, where);
  }
  return properties;
}

/** `{"jsonData": null}` is a null to hand on; beside another kind of data it is just a field that is not set. */
function isAlone(kind: MessageKind, json: JsonObject): boolean {
  return !Object.entries(json).some(([key, value]) => value !== null && kind.oneof.has(kind.aliases.get(key) ?? key));
}

function readField(field: Field, json: Json, name: string, parent: string): unknown {
  const where = pathOf(parent, name);
  switch (field.label) {
    case "one":
      return readKind(field.kind, json, where);
    case "many": {
      if (!Array.isArray(json)) throw new TypeError(`${where} must be an array`);
      const { kind } = field;
      return (json as readonly Json[]).map((item) => readKind(kind, item, where));
    }
    case "map":
      if (!isJsonObject(json)) throw new TypeError(`${where} must be an object`);
      return mapValues(json, (value) => readKind(field.kind, value, where));
  }
}

function readKind(kind: Kind, json: Json, where: string): unknown {
  if (typeof kind === "object") return "enum" in kind ? readEnum(kind, json, where) : readMessage(kind, json, where);
  if (kind === "value") return jsonToValue(json);
  if (kind === "refused") throw new TypeError(`${where} can't be carried`);
  if (kind !== "list") return readScalar(kind, json, where);
  if (!Array.isArray(json)) throw new TypeError(`${where} must be an array`);
  return jsonToValue(json).listValue;
}

function readEnum(kind: EnumKind, json: Json, where: string): number {
  if (typeof json === "number" && Number.isInteger(json)) return json;
  const value = typeof json === "string" && Object.hasOwn(kind.enum, json) ? kind.enum[json] : undefined;
  if (typeof value === "number") return value;
  const names = Object.keys(kind.enum).filter((name) => Number.isNaN(Number(name)));
  throw new TypeError(`${where} must be one of ${names.join(", ")}`);
}

function unknownField(kind: MessageKind, key: string): TypeError {
  return new TypeError(
    `${kind.name} has no field ${JSON.stringify(key)}; its fields are ${[...kind.fields.keys()].join(", ")}`,
  );
}

/** Paths begin at the message: the whole has words for a name ("the message"), its fields have not. */
function pathOf(parent: string, name: string): string {
  return parent.includes(" ") ? name : `${parent}.${name}`;
}
