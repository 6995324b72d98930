import type { Json } from "./json.ts";
import type { Scalar } from "./schema.ts";

/** Inclusive bounds of integers. */
const BOUNDS = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

/** A scalar from JSON, as protobufjs encodes it (64-bit integers as text). Throws TypeError that names `where`. */
export function readScalar(kind: Scalar, json: Json, where: string): string | number | boolean | Uint8Array {
  switch (kind) {
    case "double":
    case "float":
      return typeof json === "number" ? json : readNumberText(json, where);
    case "int32":
      if (typeof json === "number" && (json | 0) === json) return json;
      return Number(readInteger(kind, json, where));
    case "uint32":
      return Number(readInteger(kind, json, where));
    case "int64":
    case "uint64": {
      const whole = readInteger(kind, json, where);
      return whole === 0n ? 0 : whole.toString(); // the encoder leaves out 0, not "0"
    }
    case "bool":
      if (typeof json === "boolean") return json;
      throw new TypeError(`${where} must be true or false`);
    case "string":
      if (typeof json === "string") return json;
      throw new TypeError(`${where} must be text`);
    case "text":
      if (typeof json === "string" || typeof json === "number" || typeof json === "boolean") return String(json);
      throw new TypeError(`${where} must be text`);
    case "bytes":
      if (typeof json === "string" && /^[A-Za-z0-9+/_-]*={0,2}$/.test(json)) return Buffer.from(json, "base64");
      throw new TypeError(`${where} must be base64`);
  }
}

/** A decoded scalar in JSON: 64-bit integers, NaN and infinities as text, bytes in base64. */
export function writeScalar(kind: Scalar, value: unknown): Json {
  switch (kind) {
    case "float":
      return writeFloat(value as number);
    case "double":
      return writeNumber(value as number);
    case "int64":
    case "uint64":
      return String(value);
    case "bytes": {
      const bytes = value as Uint8Array;
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
    }
    case "int32":
    case "uint32":
    case "bool":
    case "string":
    case "text":
      return value as Json;
  }
}

/** True for zero, false and what is empty. Minus zero is none of them. */
export function isDefault(value: unknown): boolean {
  if (typeof value === "number") return Object.is(value, 0);
  if (typeof value === "object" && value !== null) {
    if (value instanceof Uint8Array) return value.length === 0;
    return "low" in value && "high" in value && value.low === 0 && value.high === 0;
  }
  return value === "" || value === false;
}

function readInteger(kind: keyof typeof BOUNDS, json: Json, where: string): bigint {
  const [least, most] = BOUNDS[kind];
  const isWhole =
    typeof json === "number" ? Number.isInteger(json) : typeof json === "string" && /^-?\d{1,20}$/.test(json);
  const value = isWhole ? BigInt(json as number | string) : undefined;
  if (value !== undefined && value >= least && value <= most) return value;
  throw new TypeError(`${where} must be a whole number from ${least} to ${most}`);
}

function readNumberText(json: Json, where: string): number {
  const isNumber = typeof json === "string" && /^(?:NaN|-?Infinity|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(json);
  if (isNumber) return Number(json);
  throw new TypeError(`${where} must be a number`);
}

/** JSON has no NaN and no infinities: proto3 writes them as text. */
function writeNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** The shortest decimal that means the same 32-bit float: 22.1 rather than 22.100000381469727. */
function writeFloat(value: number): number | string {
  if (Number.isInteger(value)) return value;
  for (let digits = 6; digits <= 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return writeNumber(value);
}
