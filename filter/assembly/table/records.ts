// Views of the records of a table that has passed `isValid`. A record is the address where it starts.
import * as at from "../../../proto/vocabulary/table-layout";
import { drawFor } from "../../../proto/vocabulary/split";

/** The text of a string field. */
export function stringAt(table: usize, field: usize): usize {
  return table + load<u32>(table + at.AT_STRINGS) + load<u32>(field);
}

/** A record of an area; `area` is where the header says the area's offset. */
// @ts-ignore: decorator
@inline
function recordAt(table: usize, area: u32, index: u32, bytes: u32): usize {
  return table + load<u32>(table + area) + index * bytes;
}

export function targetAt(table: usize, index: u32): usize {
  return recordAt(table, at.AT_TARGETS, index, at.TARGET_BYTES);
}
export function ruleAt(table: usize, index: u32): usize {
  return recordAt(table, at.AT_RULES, index, at.RULE_BYTES);
}
export function conditionAt(table: usize, index: u32): usize {
  return recordAt(table, at.AT_CONDITIONS, index, at.CONDITION_BYTES);
}
export function shadowRecordAt(table: usize, index: u32): usize {
  return recordAt(table, at.AT_SHADOWS, index, at.SHADOW_BYTES);
}
export function stickyKeyAt(table: usize, index: u32): usize {
  return recordAt(table, at.AT_STICKY_KEYS, index, at.STICKY_KEY_BYTES);
}
export function grantAt(table: usize, index: u32): usize {
  return recordAt(table, at.AT_GRANTS, index, at.GRANT_BYTES);
}

export function keyOf(table: usize, deployment: usize): usize {
  return stringAt(table, deployment + at.DEPLOYMENT_KEY);
}
export function keyLengthOf(deployment: usize): u32 {
  return load<u16>(deployment + at.DEPLOYMENT_KEY_LENGTH);
}
/** True where the deployment has a say in how long a request may take. */
export function hasDeadline(deployment: usize): bool {
  return (load<u32>(deployment + at.DEPLOYMENT_DEFAULT_TIMEOUT_MS) | load<u32>(deployment + at.DEPLOYMENT_MAX_TIMEOUT_MS)) != 0;
}

/** Name of a target, rule or shadow, all of which have it in the same place. */
export function nameOf(table: usize, record: usize): usize {
  return stringAt(table, record + at.TARGET_NAME);
}
export function nameLengthOf(record: usize): u32 {
  return load<u16>(record + at.TARGET_NAME_LENGTH);
}
export function weightOf(target: usize): u32 {
  return load<u32>(target + at.TARGET_WEIGHT);
}
/** What a target or shadow, whose seeds stand in the same place, draws for a key. */
export function drawOf(target: usize, key: u32): u32 {
  return drawFor(key, load<u32>(target + at.TARGET_SEED_A), load<u32>(target + at.TARGET_SEED_B));
}
/** Cluster of a target or shadow, which have it in the same place. */
export function clusterOf(table: usize, target: usize, isGrpc: bool): usize {
  return stringAt(table, isGrpc ? target + at.TARGET_GRPC : target + at.TARGET_HTTP);
}
export function clusterLengthOf(target: usize, isGrpc: bool): u32 {
  return isGrpc ? load<u16>(target + at.TARGET_GRPC_LENGTH) : load<u16>(target + at.TARGET_HTTP_LENGTH);
}
