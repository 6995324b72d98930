// The table in force: one per VM, the newest that was configured. Nothing hangs on the roots, so any of them may come and go.
import {
  AT_BUCKETS,
  AT_BUCKET_MASK,
  AT_DEPLOYMENTS,
  AT_FLAGS,
  AT_GENERATION,
  AT_ROLE,
  DEPLOYMENT_BYTES,
  DEPLOYMENT_HASH,
} from "../../../proto/vocabulary/table-layout";
import { hashBytes, sameText } from "../bytes";
import { isValid } from "./valid";
import { keyLengthOf, keyOf } from "./records";

let table: usize = 0;

/** The table in force; 0 without one. */
export function currentTable(): usize {
  return table;
}

/** Puts a table in force, or none for 0, and frees the one before. Callbacks do not overlap, so nobody reads it any more. */
function replaceTable(next: usize): void {
  if (table != 0) heap.free(table);
  table = next;
}

/** An empty configuration: the filter does nothing. */
export function dropTable(): void {
  replaceTable(0);
}

/** Takes a block from the heap; false, and the block freed, when it is no table. */
export function takeTable(block: usize, size: u32): bool {
  const valid = isValid(block, size);
  if (valid) replaceTable(block);
  else heap.free(block);
  return valid;
}

export function roleOf(from: usize): u32 {
  return load<u8>(from + AT_ROLE);
}

export function flagsOf(from: usize): u32 {
  return load<u8>(from + AT_FLAGS);
}

export function generationOf(from: usize): u64 {
  return load<u64>(from + AT_GENERATION);
}

/** The deployment of a key; 0 without one. */
export function findDeployment(key: usize, length: u32): usize {
  const hash = hashBytes(key, length, 0);
  const mask = load<u32>(table + AT_BUCKET_MASK);
  const buckets = table + load<u32>(table + AT_BUCKETS);
  const deployments = table + load<u32>(table + AT_DEPLOYMENTS);
  for (let bucket = hash & mask; ; bucket = (bucket + 1) & mask) {
    const entry = load<u32>(buckets + (<usize>bucket << 2));
    if (entry == 0) return 0;
    const deployment = deployments + (entry - 1) * DEPLOYMENT_BYTES;
    if (load<u32>(deployment + DEPLOYMENT_HASH) != hash) continue;
    if (sameText(keyOf(table, deployment), keyLengthOf(deployment), key, length)) return deployment;
  }
  return 0;
}
