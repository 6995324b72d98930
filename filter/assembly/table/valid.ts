// Whether bytes are a table that can be read without looking twice: the only place where offsets are checked. All sums are 64 bits wide.
import { MAX_TABLE_BYTES, MAX_WEIGHT } from "../../../proto/vocabulary/limits";
import * as at from "../../../proto/vocabulary/table-layout";
import { hashBytes } from "../bytes";

function isArea(start: u32, count: u64, each: u64, total: u32): bool {
  return start >= at.HEADER_BYTES && (start & 3) == 0 && <u64>start + count * each <= <u64>total;
}

function isHeader(table: usize, size: u32): bool {
  return (
    size >= at.HEADER_BYTES &&
    size <= <u32>MAX_TABLE_BYTES &&
    load<u32>(table + at.AT_MAGIC) == at.TABLE_MAGIC &&
    <u32>load<u16>(table + at.AT_VERSION) == at.TABLE_VERSION &&
    <u32>load<u8>(table + at.AT_ROLE) <= at.ROLE_INBOUND &&
    load<u8>(table + at.AT_FLAGS) == 0 &&
    load<u32>(table + at.AT_TOTAL) == size &&
    load<u32>(table + at.AT_CONTENT_HASH) == hashBytes(table + at.HEADER_BYTES, size - at.HEADER_BYTES, 0)
  );
}

function areAreas(table: usize, size: u32): bool {
  const mask = load<u32>(table + at.AT_BUCKET_MASK);
  return (
    mask != u32.MAX_VALUE &&
    (mask & (mask + 1)) == 0 &&
    isArea(load<u32>(table + at.AT_BUCKETS), <u64>mask + 1, 4, size) &&
    isArea(load<u32>(table + at.AT_DEPLOYMENTS), load<u32>(table + at.AT_DEPLOYMENT_COUNT), at.DEPLOYMENT_BYTES, size) &&
    isArea(load<u32>(table + at.AT_TARGETS), load<u32>(table + at.AT_TARGET_COUNT), at.TARGET_BYTES, size) &&
    isArea(load<u32>(table + at.AT_STRINGS), load<u32>(table + at.AT_STRINGS_BYTES), 1, size)
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

function isString(table: usize, offset: u32, length: u32): bool {
  return length <= at.MAX_TABLE_STRING_BYTES && <u64>offset + length <= <u64>load<u32>(table + at.AT_STRINGS_BYTES);
}

function isTarget(table: usize, target: usize): bool {
  return (
    isString(table, load<u32>(target + at.TARGET_NAME), load<u16>(target + at.TARGET_NAME_LENGTH)) &&
    isString(table, load<u32>(target + at.TARGET_HTTP), load<u16>(target + at.TARGET_HTTP_LENGTH)) &&
    isString(table, load<u32>(target + at.TARGET_GRPC), load<u16>(target + at.TARGET_GRPC_LENGTH)) &&
    load<u16>(target + at.TARGET_RESERVED) == 0
  );
}

function areTargets(table: usize, deployment: usize): bool {
  const first = load<u32>(deployment + at.DEPLOYMENT_FIRST_TARGET);
  const predictors: u32 = load<u16>(deployment + at.DEPLOYMENT_PREDICTORS);
  const shadows: u32 = load<u16>(deployment + at.DEPLOYMENT_SHADOWS);
  if (predictors > at.MAX_TARGETS_PER_DEPLOYMENT || shadows > at.MAX_TARGETS_PER_DEPLOYMENT) return false;
  if (<u64>first + predictors + shadows > <u64>load<u32>(table + at.AT_TARGET_COUNT)) return false;
  let target = table + load<u32>(table + at.AT_TARGETS) + first * at.TARGET_BYTES;
  let isWeighted = false;
  for (let index: u32 = 0; index < predictors + shadows; index++, target += at.TARGET_BYTES) {
    if (!isTarget(table, target)) return false;
    if (index >= predictors) continue;
    const weight = load<u32>(target + at.TARGET_SHARE);
    if (weight > <u32>MAX_WEIGHT) return false;
    if (weight > 0) isWeighted = true;
  }
  return isWeighted;
}

function isDeployment(table: usize, deployment: usize): bool {
  return (
    isString(table, load<u32>(deployment + at.DEPLOYMENT_KEY), load<u16>(deployment + at.DEPLOYMENT_KEY_LENGTH)) &&
    isString(table, load<u32>(deployment + at.DEPLOYMENT_STICKY), load<u16>(deployment + at.DEPLOYMENT_STICKY_LENGTH)) &&
    <u32>load<u8>(deployment + at.DEPLOYMENT_STICKY_KIND) <= at.STICKY_QUERY &&
    <u32>load<u8>(deployment + at.DEPLOYMENT_PERMITS) <= (at.PERMIT_FORCE | at.PERMIT_EXPLAIN) &&
    load<u16>(deployment + at.DEPLOYMENT_RESERVED) == 0 &&
    load<u32>(deployment + at.DEPLOYMENT_RESERVED + 2) == 0 &&
    areTargets(table, deployment)
  );
}

/** True for a table that this filter reads. */
export function isValid(table: usize, size: u32): bool {
  if (!isHeader(table, size) || !areAreas(table, size) || !areBuckets(table)) return false;
  let deployment = table + load<u32>(table + at.AT_DEPLOYMENTS);
  const count = load<u32>(table + at.AT_DEPLOYMENT_COUNT);
  for (let index: u32 = 0; index < count; index++, deployment += at.DEPLOYMENT_BYTES) {
    if (!isDeployment(table, deployment)) return false;
  }
  return true;
}
