// Whether bytes are a table that can be read without looking twice: the only place where offsets are checked. All sums are 64 bits wide.
import { MAX_TABLE_BYTES } from "../../../proto/vocabulary/limits";
import * as at from "../../../proto/vocabulary/table-layout";
import { hashBytes } from "../bytes";
import { areRecords } from "./valid-references";

function isArea(table: usize, area: u32, count: u64, each: u64): bool {
  const start = load<u32>(table + area);
  return start >= at.HEADER_BYTES && (start & 3) == 0 && <u64>start + count * each <= <u64>load<u32>(table + at.AT_TOTAL);
}

function areFlags(table: usize): bool {
  const flags: u32 = load<u8>(table + at.AT_FLAGS);
  return flags == 0 || (flags == at.FLAG_PEERS_ONLY && <u32>load<u8>(table + at.AT_ROLE) == at.ROLE_INBOUND);
}

function isHeader(table: usize, size: u32): bool {
  return (
    size >= at.HEADER_BYTES &&
    size <= <u32>MAX_TABLE_BYTES &&
    load<u32>(table + at.AT_MAGIC) == at.TABLE_MAGIC &&
    <u32>load<u16>(table + at.AT_VERSION) == at.TABLE_VERSION &&
    <u32>load<u8>(table + at.AT_ROLE) <= at.ROLE_INBOUND &&
    areFlags(table) &&
    load<u32>(table + at.AT_TOTAL) == size &&
    load<u32>(table + at.AT_CONTENT_HASH) == hashBytes(table + at.HEADER_BYTES, size - at.HEADER_BYTES, 0)
  );
}

function areAreas(table: usize): bool {
  const mask = load<u32>(table + at.AT_BUCKET_MASK);
  return (
    mask != u32.MAX_VALUE &&
    (mask & (mask + 1)) == 0 &&
    isArea(table, at.AT_BUCKETS, <u64>mask + 1, 4) &&
    isArea(table, at.AT_DEPLOYMENTS, load<u32>(table + at.AT_DEPLOYMENT_COUNT), at.DEPLOYMENT_BYTES) &&
    isArea(table, at.AT_TARGETS, load<u32>(table + at.AT_TARGET_COUNT), at.TARGET_BYTES) &&
    isArea(table, at.AT_RULES, load<u32>(table + at.AT_RULE_COUNT), at.RULE_BYTES) &&
    isArea(table, at.AT_CONDITIONS, load<u32>(table + at.AT_CONDITION_COUNT), at.CONDITION_BYTES) &&
    isArea(table, at.AT_SHADOWS, load<u32>(table + at.AT_SHADOW_COUNT), at.SHADOW_BYTES) &&
    isArea(table, at.AT_STICKY_KEYS, load<u32>(table + at.AT_STICKY_KEY_COUNT), at.STICKY_KEY_BYTES) &&
    isArea(table, at.AT_GRANTS, load<u32>(table + at.AT_GRANT_COUNT), at.GRANT_BYTES) &&
    isArea(table, at.AT_STRINGS, load<u32>(table + at.AT_STRINGS_BYTES), 1)
  );
}

/** Every bucket names a deployment or none, and one is empty, so that a search ends. */
function areBuckets(table: usize): bool {
  const deployments = load<u32>(table + at.AT_DEPLOYMENT_COUNT);
  const start = table + load<u32>(table + at.AT_BUCKETS);
  const end = start + (<usize>load<u32>(table + at.AT_BUCKET_MASK) + 1) * 4;
  let empty: u32 = 0;
  for (let bucket = start; bucket < end; bucket += 4) {
    const entry = load<u32>(bucket);
    if (entry > deployments) return false;
    if (entry == 0) empty++;
  }
  return empty > 0;
}

/** True for a table that this filter reads. */
export function isValid(table: usize, size: u32): bool {
  return isHeader(table, size) && areAreas(table) && areBuckets(table) && areRecords(table);
}
