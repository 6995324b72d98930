import { elementReaderOf } from "#proto/json/tensor-elements.ts";

/** The first element of little-endian tensor bytes of a V2 datatype; undefined where there is none or it is no number. */
export function firstNumberOf(datatype: string, bytes: Uint8Array): number | undefined {
  const reader = elementReaderOf(datatype);
  if (reader === undefined || bytes.length < reader.size) return undefined;
  return Number(reader.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0));
}

/** The first scalar of JSON data of any depth, booleans as 0 and 1; undefined where there is no number. */
export function firstNumberInJson(data: unknown): number | undefined {
  let value = data;
  while (Array.isArray(value)) value = (value as readonly unknown[])[0];
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "number" ? value : undefined;
}
