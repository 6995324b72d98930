// The shadows that get a copy of the request.
import { MAX_SHADOWS_PER_REQUEST } from "../../../proto/vocabulary/limits";
import * as at from "../../../proto/vocabulary/table-layout";
import { lengthOf, readDigits, sameText } from "../bytes";
import { CONTENT_LENGTH } from "../names";
import { conditionAt, drawOf, nameLengthOf, nameOf, shadowRecordAt } from "../table/records";
import { allHold, passesWith } from "./conditions";
import { findHeaders } from "./headers";

/** Shadows of this request, and their records. */
export let shadowCount: u32 = 0;
const shadows = memory.data(MAX_SHADOWS_PER_REQUEST * 4, 8);

export function shadowAt(index: u32): usize {
  return load<u32>(shadows + (<usize>index << 2));
}

export function clearShadows(): void {
  shadowCount = 0;
}

/** True when the body is surely not longer; a request whose headers are its end has none. */
function keepsLimit(shadow: usize, isEnd: bool): bool {
  const limit = load<u32>(shadow + at.SHADOW_MAX_BODY_BYTES);
  if (limit == at.NO_BODY_LIMIT || isEnd) return true;
  const said = findHeaders(CONTENT_LENGTH, lengthOf(CONTENT_LENGTH));
  return readDigits(said.text, said.length, u32.MAX_VALUE) <= <u64>limit;
}

/** True when one of the shadow's conditions on the predictor holds, or it has none. */
function isBeside(table: usize, shadow: usize, name: usize, nameLength: u32): bool {
  const count: u32 = load<u16>(shadow + at.SHADOW_BESIDE);
  const first = load<u32>(shadow + at.SHADOW_FIRST_CONDITION) + <u32>load<u16>(shadow + at.SHADOW_CONDITIONS);
  for (let index: u32 = 0; index < count; index++) {
    if (passesWith(table, conditionAt(table, first + index), name, nameLength)) return true;
  }
  return count == 0;
}

/** Samples the shadows of a deployment, beside the predictor of a name. */
export function sampleShadows(table: usize, deployment: usize, requestKey: u32, name: usize, nameLength: u32, isEnd: bool): void {
  let shadow = shadowRecordAt(table, load<u32>(deployment + at.DEPLOYMENT_FIRST_SHADOW));
  const end = shadow + <u32>load<u16>(deployment + at.DEPLOYMENT_SHADOWS) * at.SHADOW_BYTES;
  for (; shadow < end && shadowCount < <u32>MAX_SHADOWS_PER_REQUEST; shadow += at.SHADOW_BYTES) {
    if (drawOf(shadow, requestKey) > load<u32>(shadow + at.SHADOW_LAST_DRAW)) continue;
    if (sameText(nameOf(table, shadow), nameLengthOf(shadow), name, nameLength)) continue;
    if (!isBeside(table, shadow, name, nameLength)) continue;
    if (!allHold(table, load<u32>(shadow + at.SHADOW_FIRST_CONDITION), load<u16>(shadow + at.SHADOW_CONDITIONS))) continue;
    if (!keepsLimit(shadow, isEnd)) continue;
    store<u32>(shadows + (<usize>shadowCount << 2), <u32>shadow);
    shadowCount++;
  }
}
