// SHA-256 (FIPS 180-4) of short texts, in static memory.

/** Longest text that is hashed, in bytes. */
const MAX_TEXT_BYTES: u32 = 256;
const BLOCK_BYTES: u32 = 64;
const DIGEST_BYTES: u32 = 32;

/** Fractional parts of the cube roots of the first 64 primes. */
const CONSTANTS = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
  0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
  0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
  0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
  0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
  0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
/** Fractional parts of the square roots of the first 8 primes. */
const START = memory.data<u32>([0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]);
/** The text, one bit, zeros, and the number of its bits: as many blocks as the longest text needs. */
const padded = memory.data(320, 8);
const schedule = memory.data(256, 8);
/** The hash: 32 bytes, as they are written down. */
export const digest = memory.data(32, 8);

function wordAt(words: usize, index: u32): u32 {
  return load<u32>(words + (<usize>index << 2));
}

function expand(block: usize): void {
  for (let index: u32 = 0; index < 16; index++) store<u32>(schedule + (<usize>index << 2), bswap(wordAt(block, index)));
  for (let index: u32 = 16; index < 64; index++) {
    const early = wordAt(schedule, index - 15);
    const late = wordAt(schedule, index - 2);
    const sum0 = rotr(early, 7) ^ rotr(early, 18) ^ (early >>> 3);
    const sum1 = rotr(late, 17) ^ rotr(late, 19) ^ (late >>> 10);
    store<u32>(schedule + (<usize>index << 2), wordAt(schedule, index - 16) + sum0 + wordAt(schedule, index - 7) + sum1);
  }
}

function add(index: u32, word: u32): void {
  const at = digest + (<usize>index << 2);
  store<u32>(at, load<u32>(at) + word);
}

function compress(block: usize): void {
  expand(block);
  let a = wordAt(digest, 0);
  let b = wordAt(digest, 1);
  let c = wordAt(digest, 2);
  let d = wordAt(digest, 3);
  let e = wordAt(digest, 4);
  let f = wordAt(digest, 5);
  let g = wordAt(digest, 6);
  let h = wordAt(digest, 7);
  for (let round: u32 = 0; round < 64; round++) {
    const choice = (e & f) ^ (~e & g);
    const one = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + choice + wordAt(CONSTANTS, round) + wordAt(schedule, round);
    const two = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + one;
    d = c;
    c = b;
    b = a;
    a = one + two;
  }
  add(0, a);
  add(1, b);
  add(2, c);
  add(3, d);
  add(4, e);
  add(5, f);
  add(6, g);
  add(7, h);
}

/** Puts the hash of a text of at most MAX_TEXT_BYTES into `digest`. */
export function hashSha256(text: usize, length: u32): void {
  assert(length <= MAX_TEXT_BYTES, "too long to hash");
  const total = (length + 8 + BLOCK_BYTES) & ~(BLOCK_BYTES - 1);
  memory.fill(padded, 0, total);
  memory.copy(padded, text, length);
  store<u8>(padded + length, 0x80);
  store<u32>(padded + total - 4, bswap(length << 3));
  memory.copy(digest, START, DIGEST_BYTES);
  for (let at: u32 = 0; at < total; at += BLOCK_BYTES) compress(padded + at);
  for (let at = digest; at < digest + DIGEST_BYTES; at += 4) store<u32>(at, bswap(load<u32>(at)));
}

/** Compares two hashes in a time that says nothing about where they differ. */
export function sameDigest(a: usize, b: usize): bool {
  let differences: u64 = 0;
  for (let at: usize = 0; at < <usize>DIGEST_BYTES; at += 8) differences |= load<u64>(a + at) ^ load<u64>(b + at);
  return differences == 0;
}
