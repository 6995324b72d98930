// Weighted rendezvous hashing in integers: every predictor of a split draws a number from the request's key, pays for it, and the
// lowest cost per weight wins. So a change of weights, or of predictors, moves only the keys that it must. Portable: tsc and asc.
import { mix } from "./hash.ts";

/** Fraction bits of a cost are 26: this is a cost of 1. */
const ONE: u64 = 67108864;

/** What the owner of two seed words draws for a key: uniform, independent of other seeds. */
export function drawFor(key: u32, seedA: u32, seedB: u32): u32 {
  return mix((mix((key ^ seedA) >>> 0) + seedB) >>> 0);
}

function divide(a: u64, b: u64): u64 {
  return (a - (a % b)) / b;
}

/** log2 of `m / 2^31`, for m from 2^31 up to 2^32, with 26 fraction bits: 2 / ln 2 * atanh((x - 1) / (x + 1)) by its series. */
function log2OfMantissa(m: u64): u64 {
  const x: u64 = divide(m, 32);
  const s: u64 = divide((x - ONE) * ONE, x + ONE);
  const square: u64 = divide(s * s, ONE);
  let sum: u64 = 12909017;
  sum = 14895019 + divide(sum * square, ONE);
  sum = 17603205 + divide(sum * square, ONE);
  sum = 21515028 + divide(sum * square, ONE);
  sum = 27662179 + divide(sum * square, ONE);
  sum = 38727050 + divide(sum * square, ONE);
  sum = 64545084 + divide(sum * square, ONE);
  sum = 193635251 + divide(sum * square, ONE);
  return divide(sum * s, ONE);
}

/** -log2(draw / 2^32) with 26 fraction bits, below 2^32; a draw of 0 counts as 1. */
export function costOf(draw: u32): u64 {
  let m: u64 = draw;
  if (m === 0) m = 1;
  let whole: u64 = 1;
  if (m < 0x10000) {
    m = m * 0x10000;
    whole = whole + 16;
  }
  if (m < 0x1000000) {
    m = m * 0x100;
    whole = whole + 8;
  }
  if (m < 0x10000000) {
    m = m * 0x10;
    whole = whole + 4;
  }
  if (m < 0x40000000) {
    m = m * 4;
    whole = whole + 2;
  }
  if (m < 0x80000000) {
    m = m * 2;
    whole = whole + 1;
  }
  return whole * ONE - log2OfMantissa(m);
}

/** True when `cost / weight` is below `otherCost / otherWeight`. Exact: weights are at most MAX_WEIGHT. */
export function isCheaper(cost: u64, weight: u32, otherCost: u64, otherWeight: u32): bool {
  return cost * otherWeight < otherCost * weight;
}
