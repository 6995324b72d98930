import type { Finding } from "../finding.ts";
import type { FieldPath } from "../model.ts";
import { findNearest } from "../nearest.ts";
import { isRecord } from "../path.ts";
import { resolve, rootSchema, type PlacedSchema, type ResourceSchema } from "./registry.ts";

/** A value without the nulls of fields, and the fields that no schema knows. */
export interface FittedFields {
  readonly value: unknown;
  readonly unknown: readonly Finding[];
}

/** Kubernetes drops fields that are null and fields that it does not know: the first is done here, the second reported. */
export function fitFields(id: ResourceSchema, value: unknown): FittedFields {
  const unknown: Finding[] = [];
  const fit = (current: unknown, placed: PlacedSchema, path: FieldPath): unknown => {
    const { schema, document } = resolve(placed);
    const items = schema.items;
    if (Array.isArray(current) && items !== undefined) {
      return current.map((item: unknown, index) => fit(item, { schema: items, document }, [...path, index]));
    }
    if (!isRecord(current) || schema.properties === undefined) return current;
    const properties = schema.properties;
    const entries = Object.entries(current).flatMap(([key, field]): [string, unknown][] => {
      const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
      if (known === undefined) {
        if (schema.additionalProperties !== true) unknown.push(unknownField(key, path, Object.keys(properties)));
        return [[key, field]];
      }
      return field === null ? [] : [[key, fit(field, { schema: known, document }, [...path, key])]];
    });
    return Object.fromEntries(entries);
  };
  return { value: fit(value, rootSchema(id), []), unknown };
}

function unknownField(key: string, parent: FieldPath, known: readonly string[]): Finding {
  const nearest = findNearest(key, known);
  return {
    code: "FieldUnknown",
    at: [...parent, key],
    message: `there is no field ${key} here; Kubernetes drops it`,
    ...(nearest === undefined ? {} : { hint: `did you mean ${nearest}?` }),
  };
}
