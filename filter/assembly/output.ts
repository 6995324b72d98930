// One text at a time, built in static memory; what does not fit is cut off.
import { lengthOf } from "./bytes";
import { MAX_ANSWER_HEADER_BYTES } from "../../proto/vocabulary/limits";

const CAPACITY: u32 = MAX_ANSWER_HEADER_BYTES;
/** The text being built. */
export const output = memory.data(MAX_ANSWER_HEADER_BYTES, 8);
let length: u32 = 0;

export function beginOutput(): void {
  length = 0;
}

/** Bytes of the text so far. */
export function outputLength(): u32 {
  return length;
}

export function writeByte(byte: u8): void {
  if (length < CAPACITY) store<u8>(output + length++, byte);
}

export function writeText(text: usize, bytes: u32): void {
  const fits = min(bytes, CAPACITY - length);
  memory.copy(output + length, text, fits);
  length += fits;
}

/** Writes a text made by `ascii`. */
export function writeName(name: usize): void {
  writeText(name, lengthOf(name));
}

/** Hexadecimal, lower case, with at least `digits` digits. */
export function writeHex(number: u64, digits: i32): void {
  let shift = 60;
  while (shift >= digits * 4 && ((number >> shift) & 15) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) {
    const digit = <u8>((number >> shift) & 15);
    writeByte(digit < 10 ? 48 + digit : 87 + digit);
  }
}

export function writeDecimal(number: u32): void {
  let divisor: u32 = 1000000000;
  while (divisor > 1 && number < divisor) divisor /= 10;
  for (; divisor > 0; divisor /= 10) writeByte(<u8>(48 + ((number / divisor) % 10)));
}
