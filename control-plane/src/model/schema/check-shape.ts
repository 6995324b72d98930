import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import { findNearest } from "../nearest.ts";
import { isRecord } from "../path.ts";
import type { JsonSchema } from "./json-schema.ts";
import { SCHEMAS, type ResourceSchema } from "./registry.ts";

const INT32_LIMIT = 2 ** 31;

let ajv: Ajv | undefined;

/** Compiled on first use: it takes a while, and commands that read no object should not wait for it. */
function validator(id: ResourceSchema): ValidateFunction {
  ajv ??= createAjv();
  const validate = ajv.getSchema(id);
  if (validate === undefined) throw new Error(`no schema ${id}`);
  return validate;
}

function createAjv(): Ajv {
  const created = new Ajv({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    verbose: true,
  });
  created.addVocabulary(["x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"]);
  created.addFormat("int32", {
    type: "number",
    validate: (value: number) => value >= -INT32_LIMIT && value < INT32_LIMIT,
  });
  created.addFormat("int64", { type: "number", validate: (value: number) => Math.abs(value) <= 2 ** 63 });
  for (const schema of Object.values(SCHEMAS)) created.addSchema(schema);
  return created;
}

/** Every field of wrong type and every missing field. The value must have passed the bounds before. */
export function checkShape(id: ResourceSchema, value: unknown): readonly Finding[] {
  const validate = validator(id);
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => findingOf(error, value));
}

function findingOf(error: ErrorObject, root: unknown): Finding {
  const { path, value } = follow(root, error.instancePath);
  switch (error.keyword) {
    case "required": {
      const field = String((error.params as { missingProperty: unknown }).missingProperty);
      return { code: "FieldMissing", at: [...path, field], message: `the field ${field} is missing` };
    }
    case "type": {
      const types = (error.params as { type: string | readonly string[] }).type;
      if (isSecret(error)) return wrong(path, `must be ${nameTypes(types)}`);
      return wrong(path, `must be ${nameTypes(types)}, but is ${describe(value)}`, adviseOn(listTypes(types), value));
    }
    case "enum": {
      const allowed = (error.params as { allowedValues: readonly unknown[] }).allowedValues.map(String);
      const nearest = typeof value === "string" ? findNearest(value, allowed) : undefined;
      const hint = nearest === undefined ? undefined : `did you mean ${nearest}?`;
      return wrong(path, `must be one of ${allowed.join(", ")}, but is ${describe(value)}`, hint);
    }
    case "minimum":
    case "maximum": {
      const { limit } = error.params as { limit: number };
      return wrong(
        path,
        `must be at ${error.keyword === "minimum" ? "least" : "most"} ${limit}, but is ${describe(value)}`,
      );
    }
    case "minItems":
    case "maxItems": {
      const { limit } = error.params as { limit: number };
      const count = Array.isArray(value) ? value.length : 0;
      return wrong(
        path,
        `must have at ${error.keyword === "minItems" ? "least" : "most"} ${limit} ${limit === 1 ? "entry" : "entries"}, but has ${count}`,
      );
    }
    case "maxLength":
      return wrong(path, `must have at most ${(error.params as { limit: number }).limit} characters`);
    case "format":
      return wrong(
        path,
        `must be a whole number that fits in ${error.params["format"] === "int32" ? 32 : 64} bits, but is ${describe(value)}`,
      );
    case "pattern":
      return wrong(path, `must be a quantity such as 500m or 1Gi, but is ${describe(value)}`);
    case "minLength":
      return wrong(path, "must not be empty");
    default:
      return wrong(path, error.message ?? `breaks the rule ${error.keyword}`);
  }
}

/** What stands in its place may be a secret too. */
function isSecret({ parentSchema }: ErrorObject): boolean {
  return (parentSchema as JsonSchema | undefined)?.writeOnly === true;
}

function wrong(at: FieldPath, message: string, hint?: string): Finding {
  return { code: "FieldWrong", at, message: `${nameField(at)} ${message}`, ...(hint === undefined ? {} : { hint }) };
}

/** The last field of a path, with its place in a list. */
function nameField(path: FieldPath): string {
  const last = path.findLastIndex((step) => typeof step === "string");
  return last < 0
    ? "the object"
    : path
        .slice(last)
        .map((step) => (typeof step === "number" ? `[${step}]` : step))
        .join("");
}

/** What turns a value of the wrong type into one of the right type, where that can be told. */
function adviseOn(types: readonly string[], value: unknown): string | undefined {
  if (types.includes("string")) return isScalar(value) ? "put the value in quotes" : undefined;
  if (typeof value === "string") return isWrittenAs(types, value) ? "remove the quotes" : undefined;
  if (types.includes("array") && isRecord(value)) return "make it a list: put a dash before its first line";
  return types.includes("object") && Array.isArray(value) ? "write one map, without the dash" : undefined;
}

function isScalar(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function isWrittenAs(types: readonly string[], text: string): boolean {
  if (types.includes("boolean")) return /^(true|false)$/.test(text);
  return types.includes("integer") ? /^-?[0-9]+$/.test(text) : types.includes("number") && /^-?[0-9.]+$/.test(text);
}

/** Turns a JSON pointer into a path: a step into a list is a number. */
function follow(root: unknown, pointer: string): { readonly path: FieldPath; readonly value: unknown } {
  const path: (string | number)[] = [];
  let value = root;
  for (const token of pointer.split("/").slice(1)) {
    const key = token.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(value)) {
      path.push(Number(key));
      value = value[Number(key)];
    } else {
      path.push(key);
      value = isRecord(value) ? value[key] : undefined;
    }
  }
  return { path, value };
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: "a map",
  array: "a list",
  string: "a text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
};

function listTypes(types: string | readonly string[]): readonly string[] {
  return typeof types === "string" ? types.split(",") : types;
}

function nameTypes(types: string | readonly string[]): string {
  return listTypes(types)
    .map((type) => TYPE_NAMES[type] ?? type)
    .join(" or ");
}

const LONGEST_SHOWN = 40;

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return `the text ${JSON.stringify(shorten(value))}`;
  return typeof value === "number" ? `the number ${value}` : value === true ? "true" : "false";
}

function shorten(value: string): string {
  return value.length <= LONGEST_SHOWN ? value : `${value.slice(0, LONGEST_SHOWN)}…`;
}
