// MurmurHash3 (x86, 32 bits), in steps that each side feeds from its own memory. Portable: compiled by tsc and by asc, where `u32`
// wraps by itself and `>>> 0` does nothing; for tsc the products are split so that they stay exact in a double.

/** `a * b` modulo 2^32. */
export function multiply(a: u32, b: u32): u32 {
  return ((((a >>> 16) * b) << 16) + (a & 0xffff) * b) >>> 0;
}

function rotateLeft(x: u32, bits: u32): u32 {
  return ((x << bits) | (x >>> (32 - bits))) >>> 0;
}

function scramble(word: u32): u32 {
  return multiply(rotateLeft(multiply(word, 0xcc9e2d51), 15), 0x1b873593);
}

/** Takes in four bytes, read little-endian. A hash starts from its seed. */
export function hashWord(hash: u32, word: u32): u32 {
  return (multiply(rotateLeft((hash ^ scramble(word)) >>> 0, 13), 5) + 0xe6546b64) >>> 0;
}

/** Takes in the last one to three bytes, read little-endian; left out when the length is a multiple of four. */
export function hashTail(hash: u32, word: u32): u32 {
  return (hash ^ scramble(word)) >>> 0;
}

/** Ends a hash over `length` bytes. */
export function hashEnd(hash: u32, length: u32): u32 {
  return mix((hash ^ length) >>> 0);
}

/** Spreads 32 bits over 32 bits, one to one (the finaliser of MurmurHash3). */
export function mix(x: u32): u32 {
  let h: u32 = multiply((x ^ (x >>> 16)) >>> 0, 0x85ebca6b);
  h = multiply((h ^ (h >>> 13)) >>> 0, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The next state of a xorshift generator, which is also its output; the state must not be 0. */
export function nextRandom(state: u32): u32 {
  let x: u32 = (state ^ (state << 13)) >>> 0;
  x = (x ^ (x >>> 17)) >>> 0;
  return (x ^ (x << 5)) >>> 0;
}
