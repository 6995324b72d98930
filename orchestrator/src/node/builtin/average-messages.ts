import { CallError } from "../../execute/call-error.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The element-wise mean of 2-dimensional tensors or ndarrays of one shape, as Seldon's Java engine combined them. Kind,
 * names, meta and status are the first message's. Anything else is a CallError.
 */
export function averageMessages(messages: readonly unknown[]): unknown {
  const [first] = messages;
  if (first === undefined) throw refuse("Combiner received no inputs");
  const matrices = messages.map(matrixOf);
  const shape = matrices[0]?.shape ?? [0, 0];
  for (const one of matrices) {
    if (one.shape[0] !== shape[0]) throw refuse(`Expected batch length ${shape[0]} but found ${one.shape[0]}`);
    if (one.shape[1] !== shape[1]) throw refuse(`Expected value length ${shape[1]} but found ${one.shape[1]}`);
  }
  const values = Array.from({ length: shape[0] * shape[1] }, (_, i) => {
    let sum = 0;
    for (const one of matrices) sum += one.values[i] ?? 0;
    return sum / matrices.length;
  });
  return withValues(first, shape, values);
}

interface Matrix {
  readonly shape: readonly [number, number];
  /** Row by row. */
  readonly values: readonly number[];
}

function matrixOf(message: unknown): Matrix {
  const data = fieldsOf(fieldsOf(message)["data"]);
  const { tensor, ndarray } = data;
  if (tensor !== undefined) return tensorMatrix(fieldsOf(tensor));
  if (Array.isArray(ndarray)) return ndarrayMatrix(ndarray);
  throw refuse("AVERAGE_COMBINER combines tensor and ndarray data only");
}

function tensorMatrix(tensor: Fields): Matrix {
  const shape: readonly unknown[] = listOf(tensor["shape"]);
  const [rows, columns] = shape.map(Number);
  if (shape.length !== 2 || rows === undefined || columns === undefined) throw notFlat("tensor");
  const values = listOf(tensor["values"]).map(numberIn);
  if (values.length !== rows * columns) {
    throw refuse(`the tensor's shape says ${rows * columns} values, but it has ${values.length}`);
  }
  return { shape: [rows, columns], values };
}

function ndarrayMatrix(rows: readonly unknown[]): Matrix {
  const lists = rows.map((row) => {
    if (!Array.isArray(row)) throw notFlat("ndarray");
    return row as readonly unknown[];
  });
  const columns = lists[0]?.length ?? 0;
  for (const row of lists) {
    if (row.length !== columns) throw refuse(`Expected value length ${columns} but found ${row.length}`);
  }
  return { shape: [lists.length, columns], values: lists.flat().map(numberIn) };
}

function withValues(first: unknown, shape: readonly [number, number], values: readonly number[]): unknown {
  const message = fieldsOf(first);
  const data = fieldsOf(message["data"]);
  if (data["tensor"] !== undefined) return { ...message, data: { ...data, tensor: { shape, values } } };
  const ndarray = Array.from({ length: shape[0] }, (_, row) => values.slice(row * shape[1], (row + 1) * shape[1]));
  return { ...message, data: { ...data, ndarray } };
}

function numberIn(value: unknown): number {
  if (typeof value === "number") return value;
  throw refuse("AVERAGE_COMBINER combines numbers only");
}

function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function notFlat(kind: string): CallError {
  return refuse(`AVERAGE_COMBINER combines 2-dimensional data; this ${kind} is not 2 dimensional`);
}

function refuse(message: string): CallError {
  return new CallError("bad-reply", message);
}
