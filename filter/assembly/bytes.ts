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

const names = memory.data(1024);
let namesLength: u32 = 0;

/** A literal as bytes that stay for good; only for constants at the top of a file. Its length is before it (`lengthOf`). */
export function ascii(literal: string): usize {
  const source = changetype<usize>(literal);
  const length = load<u32>(source - 4) >> 1;
  const target = names + namesLength + 4;
  assert(namesLength + 4 + length <= 1024, "no room for names");
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
