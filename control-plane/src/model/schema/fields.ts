import { homeOf } from "./field-homes.ts";
import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import type { JsonSchema } from "./json-schema.ts";
import { findNearest } from "../nearest.ts";
import { isRecord } from "../path.ts";
import { resolve, rootSchema, type PlacedSchema, type ResourceSchema } from "./registry.ts";

/** A value without the nulls of fields, and the fields that no schema knows. */
export interface FittedFields {
  readonly value: unknown;
  readonly unknown: readonly Finding[];
}

/**
 * Kubernetes drops fields that are null and fields that it does not know: the first is done here, the second reported.
 * What holds no null field is passed on as it is.
 */
export function fitFields(id: ResourceSchema, value: unknown): FittedFields {
  const unknown: Finding[] = [];
  return { value: fit(value, rootSchema(id), [], unknown), unknown };
}

/** `path` is one list for the whole walk: copied only where something is reported. */
function fit(value: unknown, placed: PlacedSchema, path: (string | number)[], unknown: Finding[]): unknown {
  const { schema, document } = resolve(placed);
  if (schema.items !== undefined && Array.isArray(value)) {
    return fitItems(value, { schema: schema.items, document }, path, unknown);
  }
  if (schema.properties === undefined || !isRecord(value))
    return path[0] === "metadata" ? fillTexts(value, schema) : value;
  let changed: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const known = Object.hasOwn(schema.properties, key) ? schema.properties[key] : undefined;
    if (known === undefined) {
      if (schema.additionalProperties !== true)
        unknown.push(unknownField(key, path, Object.keys(schema.properties), document.$id));
      continue;
    }
    const field = value[key];
    path.push(key);
    const fitted = field === null ? undefined : fit(field, { schema: known, document }, path, unknown);
    path.pop();
    if (fitted === field) continue;
    changed ??= Object.fromEntries(Object.entries(value));
    if (fitted === undefined) Reflect.deleteProperty(changed, key);
    else changed[key] = fitted;
  }
  return changed ?? value;
}

/** In an object's own metadata a null label or annotation is read as an empty text. */
function fillTexts(value: unknown, { additionalProperties }: JsonSchema): unknown {
  const texts = typeof additionalProperties === "object" && additionalProperties.type === "string";
  if (!texts || !isRecord(value) || !Object.values(value).includes(null)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, one ?? ""]));
}

function fitItems(
  items: readonly unknown[],
  placed: PlacedSchema,
  path: (string | number)[],
  unknown: Finding[],
): readonly unknown[] {
  const fitted = items.map((item, index) => {
    path.push(index);
    const one = fit(item, placed, path, unknown);
    path.pop();
    return one;
  });
  return fitted.every((one, index) => one === items[index]) ? items : fitted;
}

function unknownField(key: string, parent: FieldPath, known: readonly string[], document: string): Finding {
  const nearest = findNearest(key, known);
  const home = document === "route-policy" ? undefined : homeOf(key);
  const hint =
    nearest !== undefined ? `did you mean ${nearest}?` : home !== undefined ? `it belongs in ${home}` : undefined;
  // Without a condition that is misspelt a rule would take more than it is meant to.
  const broken = document === "route-policy" && parent[0] === "spec";
  return {
    code: "FieldUnknown",
    at: [...parent, key],
    message: `there is no field ${key} here: Kubernetes drops it, and kubectl may refuse it`,
    ...(broken ? { severity: "error" } : {}),
    ...(hint === undefined ? {} : { hint }),
  };
}
