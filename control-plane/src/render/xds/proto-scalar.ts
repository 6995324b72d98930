import type { ProtoWriter } from "./proto-writer.ts";
import { mismatch } from "./proto-json-error.ts";
import type { Json } from "./resource.ts";

/** How one value of a type is written, after its tag. */
export interface ValueWriter {
  readonly wireType: number;
  readonly write: (writer: ProtoWriter, value: Json) => void;
  /** True for the value a proto3 field without presence has anyway, which is left out. It may throw as `write` does. */
  readonly isDefault: (value: Json) => boolean;
}

const MAX_INT32 = 2 ** 31 - 1;
const MAX_UINT32 = 2 ** 32 - 1;

/** The writer of a scalar type; it throws ProtoJsonError for a value of another kind or out of range. */
export function writerOfScalar(type: string): ValueWriter {
  switch (type) {
    case "string":
      return scalar(2, asString, (writer, value) => writer.string(value), "");
    case "bytes":
      return {
        wireType: 2,
        write: (writer, value) => writer.bytes(asBytes(value)),
        isDefault: (value) => value === "",
      };
    case "bool":
      return scalar(0, asBool, (writer, value) => writer.bool(value), false);
    case "int32":
      return scalar(
        0,
        (value) => asInteger(value, -MAX_INT32 - 1, MAX_INT32),
        (writer, value) => writer.int32(value),
        0,
      );
    case "uint32":
      return scalar(
        0,
        (value) => asInteger(value, 0, MAX_UINT32),
        (writer, value) => writer.uint32(value),
        0,
      );
    case "int64":
      return scalar(
        0,
        (value) => asInteger(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
        (writer, value) => writer.int64(value),
        0,
      );
    case "uint64":
      return scalar(
        0,
        (value) => asInteger(value, 0, Number.MAX_SAFE_INTEGER),
        (writer, value) => writer.uint64(value),
        0,
      );
    case "double":
      return scalar(1, asNumber, (writer, value) => writer.double(value), 0);
    case "float":
      return scalar(5, asNumber, (writer, value) => writer.float(value), 0);
    default:
      throw new Error(`scalar type ${type} is not supported`);
  }
}

function scalar<T>(
  wireType: number,
  read: (value: Json) => T,
  put: (writer: ProtoWriter, value: T) => void,
  implicit: T,
): ValueWriter {
  return {
    wireType,
    write: (writer, value) => {
      put(writer, read(value));
    },
    isDefault: (value) => read(value) === implicit,
  };
}

function asString(value: Json): string {
  if (typeof value !== "string" || !value.isWellFormed()) throw mismatch("a string", value);
  return value;
}

function asBool(value: Json): boolean {
  if (typeof value !== "boolean") throw mismatch("true or false", value);
  return value;
}

function asNumber(value: Json): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw mismatch("a number", value);
  return value;
}

/** 64-bit integers may stand as decimal strings too, as proto3 JSON writes them; both up to 53 bits. */
function asInteger(value: Json, min: number, max: number): number {
  const number = typeof value === "string" && max > MAX_UINT32 && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  if (!Number.isInteger(number) || (number as number) < min || (number as number) > max)
    throw mismatch(`an integer from ${min} to ${max}`, value);
  return number as number;
}

function asBytes(value: Json): Uint8Array {
  if (typeof value !== "string") throw mismatch("base64", value);
  const bytes = Buffer.from(value, "base64");
  if (bytes.toString("base64") !== value) throw mismatch("base64", value);
  return bytes;
}
