import type { inference } from "#proto/gen/inference.js";
import { JsonTextError } from "../json-text/scan.ts";

export type Contents = inference.InferTensorContents.$Properties;

/** A tensor's JSON data, nested or flat, as typed contents. Throws JsonTextError where it is not of the datatype. */
export function contentsOfJson(datatype: string, data: Buffer): Contents {
  const text = data.toString("utf8");
  switch (datatype) {
    case "BOOL":
      return { boolContents: flat(text).map(booleanOf) };
    case "INT8":
    case "INT16":
    case "INT32":
      return { intContents: flat(text).map(numberOf) };
    case "UINT8":
    case "UINT16":
    case "UINT32":
      return { uintContents: flat(text).map(numberOf) };
    // protobufjs takes 64-bit integers as text.
    case "INT64":
      return { int64Contents: integers(text) as never[] };
    case "UINT64":
      return { uint64Contents: integers(text) as never[] };
    case "FP32":
      return { fp32Contents: flat(text).map(numberOf) };
    case "FP64":
      return { fp64Contents: flat(text).map(numberOf) };
    case "BYTES":
      return { bytesContents: flat(text).map(bytesOf) };
    default:
      throw new JsonTextError(`JSON data of datatype "${datatype}" have no place in a gRPC message`);
  }
}

function flat(text: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JsonTextError("a tensor's data is not JSON");
  }
  // By a stack of its own, each element once: the depth is the sender's choice.
  const scalars: unknown[] = [];
  const open: Iterator<unknown>[] = [[value].values()];
  for (let inner = open.at(-1); inner !== undefined; inner = open.at(-1)) {
    const next = inner.next();
    if (next.done === true) open.pop();
    else if (Array.isArray(next.value)) open.push(next.value.values());
    else scalars.push(next.value);
  }
  return scalars;
}

/** Whole numbers with all their digits; those written as decimals (`1.0`) count where they are whole. */
function integers(text: string): string[] {
  if (/^[\s\d,[\]-]*$/.test(text)) return text.match(/-?\d+/g) ?? [];
  return flat(text).map((one) => {
    const value = numberOf(one);
    if (!Number.isInteger(value)) throw new JsonTextError(`${String(one)} is no whole number`);
    return String(BigInt(value));
  });
}

function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return Number(value);
  throw new JsonTextError(`${JSON.stringify(value)} is no number`);
}

function booleanOf(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  return numberOf(value) !== 0;
}

function bytesOf(value: unknown): Buffer {
  if (typeof value !== "string") throw new JsonTextError(`${JSON.stringify(value)} is no text`);
  return Buffer.from(value, "utf8");
}
