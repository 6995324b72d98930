// Bytes in linear memory, with nothing managed: a text is an address and a length.
import { hashEnd, hashTail, hashWord } from "../../proto/vocabulary/hash";

/** True when two texts of one length are the same. */
export function sameBytes(a: usize, b: usize, length: u32): bool {
  let at: u32 = 0;
  for (; at + 8 <= length; at += 8) {
    if (load<u64>(a + at) != load<u64>(b + at)) return false;
  }
  for (; at < length; at++) {
    if (load<u8>(a + at) != load<u8>(b + at)) return false;
  }
  return true;
}

/** True when two texts are the same. */
export function sameText(a: usize, aLength: u32, b: usize, bLength: u32): bool {
  return aLength == bLength && sameBytes(a, b, aLength);
}

/** Where a byte stands first in [from, end); `end` without one. */
export function indexOf(byte: u8, from: usize, end: usize): usize {
  while (from < end && load<u8>(from) != byte) from++;
  return from;
}

const SPACE: u8 = 32;
const TAB: u8 = 9;

function isBlank(byte: u8): bool {
  return byte == SPACE || byte == TAB;
}

/** Address of the first byte in [from, end) that is not blank. */
export function skipBlanks(from: usize, end: usize): usize {
  while (from < end && isBlank(load<u8>(from))) from++;
  return from;
}

/** Address after the last byte in [from, end) that is not blank. */
export function dropBlanks(from: usize, end: usize): usize {
  while (end > from && isBlank(load<u8>(end - 1))) end--;
  return end;
}

/** True when `part` stands somewhere in a text. */
export function contains(text: usize, length: u32, part: usize, partLength: u32): bool {
  if (partLength == 0) return true;
  if (partLength > length) return false;
  const end = text + (length - partLength) + 1;
  const first = load<u8>(part);
  for (let at = indexOf(first, text, end); at < end; at = indexOf(first, at + 1, end)) {
    if (sameBytes(at, part, partLength)) return true;
  }
  return false;
}

/** The number that a text of digits alone says, at most `highest`; u64.MAX_VALUE for any other text. */
export function readDigits(text: usize, length: u32, highest: u64): u64 {
  if (length == 0) return u64.MAX_VALUE;
  let number: u64 = 0;
  for (const end = text + length; text < end; text++) {
    const digit = <u8>(load<u8>(text) - 48);
    if (digit > 9) return u64.MAX_VALUE;
    number = min<u64>(number * 10 + digit, highest);
  }
  return number;
}

/** MurmurHash3 of a text, as in proto/vocabulary/hash.ts. */
export function hashBytes(text: usize, length: u32, seed: u32): u32 {
  let hash = seed;
  let at: u32 = 0;
  for (; at + 4 <= length; at += 4) hash = hashWord(hash, load<u32>(text + at));
  if (at < length) {
    let tail: u32 = 0;
    for (let rest = length; rest > at; rest--) tail = (tail << 8) | load<u8>(text + rest - 1);
    hash = hashTail(hash, tail);
  }
  return hashEnd(hash, length);
}

const NAMES_BYTES: u32 = 1536;
const names = memory.data(1536);
let namesLength: u32 = 0;

/** A literal as bytes that stay for good; only for constants at the top of a file. Its length is before it (`lengthOf`). */
export function ascii(literal: string): usize {
  const source = changetype<usize>(literal);
  const length = load<u32>(source - 4) >> 1;
  const target = names + namesLength + 4;
  assert(namesLength + 4 + length <= NAMES_BYTES, "no room for names");
  store<u32>(target - 4, length);
  for (let i: u32 = 0; i < length; i++) store<u8>(target + i, load<u8>(source + (i << 1)));
  namesLength += (length + 7) & ~3;
  return target;
}

/** The length of a text made by `ascii`. */
export function lengthOf(name: usize): u32 {
  return load<u32>(name - 4);
}

/** True when a text is the one made by `ascii`. */
export function isName(text: usize, length: u32, name: usize): bool {
  return sameText(text, length, name, lengthOf(name));
}

/** True when a text begins with the one made by `ascii`. */
export function startsWith(text: usize, length: u32, name: usize): bool {
  const prefix = lengthOf(name);
  return length >= prefix && sameBytes(text, name, prefix);
}

/** True when a text ends with the one made by `ascii`. */
export function endsWith(text: usize, length: u32, name: usize): bool {
  const suffix = lengthOf(name);
  return length >= suffix && sameBytes(text + length - suffix, name, suffix);
}
