import { randomFillSync } from "node:crypto";

const POOL_BYTES = 4096;
const pool = Buffer.allocUnsafe(POOL_BYTES);
let used = POOL_BYTES;

/** 16 random bytes in hexadecimal, never all zero. */
export function newTraceId(): string {
  return randomHex(16);
}

/** 8 random bytes in hexadecimal, never all zero. */
export function newSpanId(): string {
  return randomHex(8);
}

function randomHex(bytes: number): string {
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const text = pool.toString("hex", used, used + bytes);
  used += bytes;
  return text.startsWith("0") && /^0+$/.test(text) ? randomHex(bytes) : text;
}
