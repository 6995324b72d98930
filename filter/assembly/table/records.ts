// Views of the records of a table that has passed `isValid`. A record is the address where it starts.
import {
  AT_STRINGS,
  AT_TARGETS,
  DEPLOYMENT_FIRST_TARGET,
  DEPLOYMENT_KEY,
  DEPLOYMENT_KEY_LENGTH,
  DEPLOYMENT_PERMITS,
  DEPLOYMENT_PREDICTORS,
  DEPLOYMENT_SHADOWS,
  DEPLOYMENT_STICKY,
  DEPLOYMENT_STICKY_KIND,
  DEPLOYMENT_STICKY_LENGTH,
  TARGET_BYTES,
  TARGET_GRPC,
  TARGET_GRPC_LENGTH,
  TARGET_HTTP,
  TARGET_HTTP_LENGTH,
  TARGET_NAME,
  TARGET_NAME_LENGTH,
  TARGET_SEED_A,
  TARGET_SEED_B,
  TARGET_SHARE,
} from "../../../proto/vocabulary/table-layout";
import { drawFor } from "../../../proto/vocabulary/split";

// @ts-ignore: decorator
@inline
function stringAt(table: usize, field: usize): usize {
  return table + load<u32>(table + AT_STRINGS) + load<u32>(field);
}

export function keyOf(table: usize, deployment: usize): usize {
  return stringAt(table, deployment + DEPLOYMENT_KEY);
}
export function keyLengthOf(deployment: usize): u32 {
  return load<u16>(deployment + DEPLOYMENT_KEY_LENGTH);
}
export function permits(deployment: usize, what: u32): bool {
  return (load<u8>(deployment + DEPLOYMENT_PERMITS) & what) != 0;
}
export function stickyKindOf(deployment: usize): u32 {
  return load<u8>(deployment + DEPLOYMENT_STICKY_KIND);
}
export function stickyNameOf(table: usize, deployment: usize): usize {
  return stringAt(table, deployment + DEPLOYMENT_STICKY);
}
export function stickyNameLengthOf(deployment: usize): u32 {
  return load<u16>(deployment + DEPLOYMENT_STICKY_LENGTH);
}

/** The first predictor; the others follow, then the shadows, TARGET_BYTES each. */
export function predictorsOf(table: usize, deployment: usize): usize {
  return table + load<u32>(table + AT_TARGETS) + load<u32>(deployment + DEPLOYMENT_FIRST_TARGET) * TARGET_BYTES;
}
export function predictorsEnd(table: usize, deployment: usize): usize {
  return predictorsOf(table, deployment) + <u32>load<u16>(deployment + DEPLOYMENT_PREDICTORS) * TARGET_BYTES;
}
export function shadowsEnd(table: usize, deployment: usize): usize {
  return predictorsEnd(table, deployment) + <u32>load<u16>(deployment + DEPLOYMENT_SHADOWS) * TARGET_BYTES;
}

export function nameOf(table: usize, target: usize): usize {
  return stringAt(table, target + TARGET_NAME);
}
export function nameLengthOf(target: usize): u32 {
  return load<u16>(target + TARGET_NAME_LENGTH);
}
/** A predictor's weight; a shadow's highest draw that still gets a copy. */
export function shareOf(target: usize): u32 {
  return load<u32>(target + TARGET_SHARE);
}
export function drawOf(target: usize, key: u32): u32 {
  return drawFor(key, load<u32>(target + TARGET_SEED_A), load<u32>(target + TARGET_SEED_B));
}
export function clusterOf(table: usize, target: usize, isGrpc: bool): usize {
  return stringAt(table, isGrpc ? target + TARGET_GRPC : target + TARGET_HTTP);
}
export function clusterLengthOf(target: usize, isGrpc: bool): u32 {
  return isGrpc ? load<u16>(target + TARGET_GRPC_LENGTH) : load<u16>(target + TARGET_HTTP_LENGTH);
}
