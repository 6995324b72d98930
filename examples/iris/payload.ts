import { isJsonObject, type Json, type JsonObject } from "#proto/json/json.ts";

/** A request that a node can't work with: answered with HTTP 400 or gRPC INVALID_ARGUMENT. */
export class BadData extends Error {}

/** The numbers of a SeldonMessage; what is missing (null) is NaN. `form` is how they came and how the answer goes. */
export interface Table {
  readonly rows: readonly (readonly number[])[];
  readonly form: "ndarray" | "tensor";
}

function readNumber(value: Json): number {
  if (value === null) return Number.NaN;
  if (typeof value === "number") return value;
  throw new BadData(`data.ndarray holds ${JSON.stringify(value).slice(0, 50)}, which is no number`);
}

function readNdarray(ndarray: Json): Table {
  if (!Array.isArray(ndarray)) throw new BadData("data.ndarray must be an array of rows");
  const items = ndarray as readonly Json[];
  const rows = items.every((item) => Array.isArray(item)) ? items : [items];
  return { rows: rows.map((row) => (row as readonly Json[]).map(readNumber)), form: "ndarray" };
}

function readTensor(tensor: JsonObject): Table {
  const { shape, values } = tensor;
  if (!Array.isArray(shape) || !Array.isArray(values)) throw new BadData("data.tensor needs shape and values");
  const numbers = values.map((value: Json) => (value === "NaN" ? Number.NaN : readNumber(value)));
  const sizes = shape.map((size: Json) => (typeof size === "number" && Number.isInteger(size) && size > 0 ? size : 0));
  const [rowCount = 0, columnCount = 0] = sizes.length === 1 ? [1, sizes[0]] : sizes;
  if (sizes.length > 2 || rowCount * columnCount !== numbers.length || numbers.length === 0) {
    throw new BadData(
      `data.tensor has ${numbers.length} values, which is not a table of shape ${JSON.stringify(shape)}`,
    );
  }
  const rows = Array.from({ length: rowCount }, (_, i) => numbers.slice(i * columnCount, (i + 1) * columnCount));
  return { rows, form: "tensor" };
}

/** The table in a SeldonMessage. Throws BadData that says what is wrong with it. */
export function readTable(message: Json | undefined): Table {
  const data = isJsonObject(message) ? message["data"] : undefined;
  if (isJsonObject(data)) {
    if (data["ndarray"] !== undefined) return readNdarray(data["ndarray"]);
    if (isJsonObject(data["tensor"])) return readTensor(data["tensor"]);
  }
  throw new BadData("the message has no data.ndarray and no data.tensor");
}

/** The `data` of an answer, in the form of the request. */
export function writeTable({ rows, form }: Table, names: readonly string[]): JsonObject {
  if (form === "ndarray") return { names, ndarray: rows.map((row) => row.map((x) => (Number.isNaN(x) ? null : x))) };
  return { names, tensor: { shape: [rows.length, rows[0]?.length ?? 0], values: rows.flat() } };
}
