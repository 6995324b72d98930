import { int32, list, type JsonSchema, type SchemaFor, type ValidationRule } from "./json-schema.ts";

/** Longest text that the filter's table can hold, in bytes. */
export const LONGEST_TEXT_BYTES = 1024;

/** A name of so many characters at most. */
export function nameOf(most: number): SchemaFor<string> {
  return { type: "string", minLength: 1, maxLength: most };
}

/** A name of a predictor, header, cookie or parameter. */
export const name: SchemaFor<string> = nameOf(253);

/** A value to compare with; may be empty. */
export const value: SchemaFor<string> = { type: "string", maxLength: LONGEST_TEXT_BYTES };

/** A whole number between two others, or from one up. */
export function whole(minimum: number, maximum?: number): SchemaFor<number> {
  return { ...int32, minimum, ...(maximum === undefined ? {} : { maximum }) };
}

/** A share of 100, fractions allowed. */
export const percent: SchemaFor<number> = { type: "number", minimum: 0, maximum: 100 };

export function oneOf<T extends string>(values: readonly T[]): SchemaFor<T> {
  return { type: "string", enum: values };
}

/** A list of at most so many. */
export function listOf<T>(
  items: SchemaFor<T>,
  { least = 0, most }: { readonly least?: number; readonly most: number },
): SchemaFor<readonly T[]> {
  return { ...list(items), ...(least === 0 ? {} : { minItems: least }), maxItems: most };
}

/** The same schema, with rules for Kubernetes. */
export function checked<T>(schema: SchemaFor<T>, rules: readonly ValidationRule[]): SchemaFor<T> {
  return { ...schema, "x-kubernetes-validations": rules };
}

/** The same schema, of which no problem shows the value. */
export function hidden<T>(schema: SchemaFor<T>): SchemaFor<T> {
  return { ...schema, writeOnly: true };
}

/** One item for each predictor, so that several writers can share the list. */
export const KEYED_BY_PREDICTOR: JsonSchema = {
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["predictor"],
};
