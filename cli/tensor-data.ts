import type { Json } from "#proto/json/json.ts";

/** Rows as a tensor: what it is of, its shape, and its values in a row. */
export interface TensorData {
  readonly kind: "number" | "boolean" | "text";
  readonly shape: readonly number[];
  readonly values: readonly Json[];
}

/** Rows of any depth as one tensor; a text is one of one element. Throws TypeError where they are of unlike lengths or kinds. */
export function tensorOf(data: readonly Json[] | string): TensorData {
  const rows = typeof data === "string" ? [data] : data;
  const shape = shapeOf(rows);
  const values: Json[] = [];
  collect(rows, shape, 0, values);
  const kinds = new Set(values.map(kindOf));
  const [kind = "number", other] = kinds;
  if (other !== undefined)
    throw new TypeError(`a tensor holds one kind of value; the data has ${[...kinds].join(" and ")}`);
  return { kind, shape, values };
}

function shapeOf(rows: Json): readonly number[] {
  const shape: number[] = [];
  for (let at: Json | undefined = rows; Array.isArray(at); at = (at as readonly Json[])[0]) shape.push(at.length);
  return shape;
}

function collect(value: Json, shape: readonly number[], depth: number, values: Json[]): void {
  if (depth === shape.length && !Array.isArray(value)) {
    values.push(value);
    return;
  }
  if (!Array.isArray(value) || value.length !== shape[depth]) {
    throw new TypeError("the rows are of different lengths, so they are no tensor; give the whole message");
  }
  for (const one of value as readonly Json[]) collect(one, shape, depth + 1, values);
}

function kindOf(value: Json): TensorData["kind"] {
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") return "text";
  throw new TypeError(`${JSON.stringify(value)} has no place in a tensor`);
}
