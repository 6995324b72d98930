/** Wire types of the protobuf encoding; groups (3, 4) are refused. */
export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/** Bytes that are not an encoded message. */
export class WireError extends Error {}

/** One field of an encoded message: where its tag, its value and its end are. */
export interface Field {
  number: number;
  wire: number;
  /** Where the tag begins. */
  start: number;
  /** Where what follows the tag begins: the varint, the fixed bytes, or the length. */
  afterTag: number;
  /** Where the value begins: behind the length for BYTES, else as afterTag. */
  value: number;
  end: number;
}

/**
 * Calls `visit` for every field of an encoded message, in their order, without reading any value. The Field is the
 * same object each time. Throws WireError on malformed bytes.
 */
export function eachField(bytes: Uint8Array, visit: (field: Field) => void, from = 0, to = bytes.length): void {
  const field: Field = { number: 0, wire: 0, start: from, afterTag: 0, value: 0, end: from };
  while (field.end < to) {
    field.start = field.end;
    readField(bytes, field, to);
    visit(field);
  }
}

function readField(bytes: Uint8Array, field: Field, to: number): void {
  const tag = readVarint(bytes, field.start, to);
  if (tag > 0xffffffff || tag < 8) throw new WireError("a field has no valid number");
  field.number = Math.floor(tag / 8);
  field.wire = tag % 8;
  field.afterTag = varintEnd(bytes, field.start, to);
  field.value = field.afterTag;
  switch (field.wire) {
    case VARINT:
      field.end = varintEnd(bytes, field.value, to);
      break;
    case FIXED64:
      field.end = field.value + 8;
      break;
    case FIXED32:
      field.end = field.value + 4;
      break;
    case BYTES: {
      const length = readVarint(bytes, field.afterTag, to);
      field.value = varintEnd(bytes, field.afterTag, to);
      field.end = field.value + length;
      break;
    }
    default:
      throw new WireError(`wire type ${field.wire} is not known`);
  }
  if (field.end > to) throw new WireError("a field is cut off");
}

/** A varint's value; above 2^53 it is not exact. */
export function readVarint(bytes: Uint8Array, at: number, to: number): number {
  let value = 0;
  let factor = 1;
  for (let i = at; i < at + MAX_VARINT_BYTES; i += 1) {
    const byte = i < to ? bytes[i] : undefined;
    if (byte === undefined) throw new WireError("a number is cut off");
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 128;
  }
  throw new WireError("a number is longer than ten bytes");
}

function varintEnd(bytes: Uint8Array, at: number, to: number): number {
  for (let i = at; i < at + MAX_VARINT_BYTES; i += 1) {
    const byte = i < to ? bytes[i] : undefined;
    if (byte === undefined) throw new WireError("a number is cut off");
    if (byte < 0x80) return i + 1;
  }
  throw new WireError("a number is longer than ten bytes");
}

const MAX_VARINT_BYTES = 10;

/** The head of a BYTES field: its tag and the length of what follows. */
export function bytesHead(number: number, length: number): Buffer {
  return Buffer.from([...varint(number * 8 + BYTES), ...varint(length)]);
}

/** A string field. */
export function stringField(number: number, text: string): Buffer {
  const value = Buffer.from(text, "utf8");
  return Buffer.concat([bytesHead(number, value.length), value]);
}

/** A BYTES field around parts. */
export function messageField(number: number, parts: readonly Buffer[]): Buffer[] {
  const length = parts.reduce((sum, one) => sum + one.length, 0);
  return [bytesHead(number, length), ...parts];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}
