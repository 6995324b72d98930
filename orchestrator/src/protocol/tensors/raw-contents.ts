import type { inference } from "#proto/gen/inference.js";
import { CallError } from "../../execute/call-error.ts";

type Contents = inference.InferTensorContents.$Properties;

/** Typed contents of a V2 tensor as raw contents: little-endian; BYTES elements each behind their length. */
export function rawContentsOf(datatype: string, contents: Contents): Buffer {
  switch (datatype) {
    case "BOOL":
      return Buffer.from((contents.boolContents ?? []).map(Number));
    case "INT8":
    case "UINT8":
      return written(valuesOf(datatype, contents), 1, (buffer, value, at) => buffer.writeUInt8(value & 0xff, at));
    case "INT16":
    case "UINT16":
      return written(valuesOf(datatype, contents), 2, (buffer, value, at) => buffer.writeUInt16LE(value & 0xffff, at));
    case "INT32":
      return written(valuesOf(datatype, contents), 4, (buffer, value, at) => buffer.writeInt32LE(value | 0, at));
    case "UINT32":
      return written(valuesOf(datatype, contents), 4, (buffer, value, at) => buffer.writeUInt32LE(value >>> 0, at));
    case "INT64":
      return written(contents.int64Contents ?? [], 8, (buffer, value, at) =>
        buffer.writeBigInt64LE(BigInt.asIntN(64, BigInt(String(value))), at),
      );
    case "UINT64":
      return written(contents.uint64Contents ?? [], 8, (buffer, value, at) =>
        buffer.writeBigUInt64LE(BigInt.asUintN(64, BigInt(String(value))), at),
      );
    case "FP32":
      return written(contents.fp32Contents ?? [], 4, (buffer, value, at) => buffer.writeFloatLE(value, at));
    case "FP64":
      return written(contents.fp64Contents ?? [], 8, (buffer, value, at) => buffer.writeDoubleLE(value, at));
    case "BYTES":
      return Buffer.concat((contents.bytesContents ?? []).flatMap((one) => [lengthOf(one), one]));
    default:
      throw new CallError("bad-reply", `typed contents of datatype "${datatype}" can't be made raw`);
  }
}

function valuesOf(datatype: string, contents: Contents): readonly number[] {
  return (datatype.startsWith("U") ? contents.uintContents : contents.intContents) ?? [];
}

function written<T>(values: readonly T[], size: number, write: (to: Buffer, value: T, at: number) => void): Buffer {
  const buffer = Buffer.allocUnsafe(values.length * size);
  for (const [i, value] of values.entries()) write(buffer, value, i * size);
  return buffer;
}

function lengthOf(element: Uint8Array): Buffer {
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(element.length);
  return length;
}
