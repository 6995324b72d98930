import { randomBytes } from "node:crypto";

/** 42 bits of milliseconds reach to the year 2109; the rest tells replicas and restarts apart. */
const REPLICA_BITS = 22;

/**
 * Numbers for tables, 64 bits, each larger than the one before and used by no other process: the time in milliseconds
 * and, below it, random bits of this process.
 */
export function createGenerations(
  nowMs: () => number = Date.now,
  replica: number = randomBytes(4).readUInt32LE(),
): () => bigint {
  const bits = BigInt.asUintN(REPLICA_BITS, BigInt(replica));
  let lastMs = 0n;
  return () => {
    const now = BigInt(Math.trunc(nowMs()));
    lastMs = now > lastMs ? now : lastMs + 1n;
    return BigInt.asUintN(64, (lastMs << BigInt(REPLICA_BITS)) | bits);
  };
}
