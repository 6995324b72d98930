// Whether records that refer to no others are right.
import { MAX_WEIGHT } from "../../../proto/vocabulary/limits";
import * as at from "../../../proto/vocabulary/table-layout";
import { isName } from "../bytes";
import { TRANSPORT_GRPC, TRANSPORT_REST } from "../names";
import { stringAt, weightOf } from "./records";

const SHA_256_BYTES: u32 = 32;

/** True when a string field stands in the strings of the table. */
export function isString(table: usize, offsetAt: usize, lengthAt: usize): bool {
  const length: u32 = load<u16>(lengthAt);
  return length <= at.MAX_TABLE_STRING_BYTES && <u64>load<u32>(offsetAt) + length <= <u64>load<u32>(table + at.AT_STRINGS_BYTES);
}

export function isTarget(table: usize, target: usize): bool {
  return (
    isString(table, target + at.TARGET_NAME, target + at.TARGET_NAME_LENGTH) &&
    isString(table, target + at.TARGET_HTTP, target + at.TARGET_HTTP_LENGTH) &&
    isString(table, target + at.TARGET_GRPC, target + at.TARGET_GRPC_LENGTH) &&
    load<u16>(target + at.TARGET_RESERVED) == 0 &&
    weightOf(target) <= <u32>MAX_WEIGHT
  );
}

/** What has no use for a name or text has none; transport and predictor are compared as they are, and there are two transports. */
function areWords(table: usize, condition: usize, on: u32, test: u32): bool {
  const length: u32 = load<u16>(condition + at.CONDITION_TEXT_LENGTH);
  if (on > at.ON_QUERY && load<u16>(condition + at.CONDITION_NAME_LENGTH) != 0) return false;
  if (test < at.TEST_EXACT && length != 0) return false;
  if (on < at.ON_TRANSPORT) return true;
  if (test != at.TEST_EXACT) return false;
  const text = stringAt(table, condition + at.CONDITION_TEXT);
  return on == at.ON_PREDICTOR || isName(text, length, TRANSPORT_REST) || isName(text, length, TRANSPORT_GRPC);
}

export function isCondition(table: usize, condition: usize): bool {
  const on: u32 = load<u8>(condition + at.CONDITION_ON);
  const test: u32 = load<u8>(condition + at.CONDITION_TEST);
  return (
    on >= at.ON_HEADER &&
    on <= at.ON_PREDICTOR &&
    test >= at.TEST_PRESENT &&
    test <= at.TEST_CONTAINS &&
    isString(table, condition + at.CONDITION_NAME, condition + at.CONDITION_NAME_LENGTH) &&
    isString(table, condition + at.CONDITION_TEXT, condition + at.CONDITION_TEXT_LENGTH) &&
    areWords(table, condition, on, test) &&
    load<u16>(condition + at.CONDITION_RESERVED) == 0
  );
}

export function isStickyKey(table: usize, key: usize): bool {
  const kind: u32 = load<u8>(key + at.STICKY_KEY_KIND);
  const issue: u32 = load<u8>(key + at.STICKY_KEY_ISSUE);
  return (
    kind >= at.STICKY_HEADER &&
    kind <= at.STICKY_QUERY &&
    (issue == 0 || (issue == 1 && kind == at.STICKY_COOKIE)) &&
    isString(table, key + at.STICKY_KEY_NAME, key + at.STICKY_KEY_NAME_LENGTH) &&
    isString(table, key + at.STICKY_KEY_ATTRIBUTES, key + at.STICKY_KEY_ATTRIBUTES_LENGTH) &&
    load<u16>(key + at.STICKY_KEY_RESERVED) == 0
  );
}

export function isGrant(table: usize, grant: usize): bool {
  const kind: u32 = load<u8>(grant + at.GRANT_KIND);
  return (
    kind >= at.GRANT_ANYONE &&
    kind <= at.GRANT_CLAIM &&
    load<u8>(grant + at.GRANT_RESERVED) == 0 &&
    isString(table, grant + at.GRANT_NAME, grant + at.GRANT_NAME_LENGTH) &&
    isString(table, grant + at.GRANT_TEXT, grant + at.GRANT_TEXT_LENGTH) &&
    (kind != at.GRANT_SECRET || <u32>load<u16>(grant + at.GRANT_TEXT_LENGTH) == SHA_256_BYTES) &&
    load<u16>(grant + at.GRANT_RESERVED_2) == 0
  );
}
