// `x-graphway-force`, such as `predictor=canary;eg-router=1;shadow=off`. Malformed anywhere: as if it were not there.
import { MAX_FORCE_BYTES, TARGET_BYTES } from "../../../proto/vocabulary/table-layout";
import { dropBlanks, indexOf, isName, lengthOf, sameText, skipBlanks, startsWith } from "../bytes";
import { FORCE_PREDICTOR, FORCE_SHADOW, FORCE_SHADOW_OFF } from "../names";
import { nameLengthOf, nameOf } from "../table/records";
import { force } from "./headers";

const SEMICOLON: u8 = 59;
const EQUALS: u8 = 61;
const MAX_BRANCH_DIGITS: u32 = 4;

/** The forced predictor; 0: none. */
export let forcedPredictor: usize = 0;
export let areShadowsOff: bool = false;
/** `node=branch` pairs joined by `;`. */
export const branches = memory.data(MAX_FORCE_BYTES, 8);
export let branchesLength: u32 = 0;

export function clearForce(): void {
  forcedPredictor = 0;
  areShadowsOff = false;
  branchesLength = 0;
}

function isNodeByte(byte: u8): bool {
  const letter = byte | 32;
  if ((letter >= 97 && letter <= 122) || (byte >= 48 && byte <= 57)) return true;
  return byte == 45 || byte == 46 || byte == 95;
}

function isBranchNumber(from: usize, end: usize): bool {
  if (from < end && load<u8>(from) == 45) from++;
  if (from == end || <u32>(end - from) > MAX_BRANCH_DIGITS) return false;
  for (; from < end; from++) {
    if (<u8>(load<u8>(from) - 48) > 9) return false;
  }
  return true;
}

function isBranch(from: usize, end: usize): bool {
  const equals = indexOf(EQUALS, from, end);
  if (equals == from || equals == end) return false;
  for (let at = from; at < equals; at++) {
    if (!isNodeByte(load<u8>(at))) return false;
  }
  return isBranchNumber(equals + 1, end);
}

function takeBranch(from: usize, length: u32): void {
  if (branchesLength > 0) store<u8>(branches + branchesLength++, SEMICOLON);
  memory.copy(branches + branchesLength, from, length);
  branchesLength += length;
}

function takePredictor(table: usize, from: usize, end: usize, name: usize, length: u32): bool {
  if (forcedPredictor != 0) return false;
  for (let one = from; one < end; one += TARGET_BYTES) {
    if (!sameText(nameOf(table, one), nameLengthOf(one), name, length)) continue;
    forcedPredictor = one;
    return true;
  }
  return false;
}

function takePart(table: usize, split: usize, splitEnd: usize, from: usize, end: usize): bool {
  const length = <u32>(end - from);
  if (startsWith(from, length, FORCE_PREDICTOR)) {
    const prefix = lengthOf(FORCE_PREDICTOR);
    return takePredictor(table, split, splitEnd, from + prefix, length - prefix);
  }
  if (startsWith(from, length, FORCE_SHADOW)) {
    if (areShadowsOff || !isName(from, length, FORCE_SHADOW_OFF)) return false;
    areShadowsOff = true;
    return true;
  }
  if (!isBranch(from, end)) return false;
  takeBranch(from, length);
  return true;
}

/** Reads the force header of a request that is granted one; `split` and `splitEnd` hold the predictors it may name. */
export function readForce(table: usize, split: usize, splitEnd: usize): void {
  if (force.length > MAX_FORCE_BYTES) return;
  const end = force.text + force.length;
  let at = force.text;
  while (at < end) {
    const partEnd = indexOf(SEMICOLON, at, end);
    const from = skipBlanks(at, partEnd);
    const to = dropBlanks(from, partEnd);
    if (from < to && !takePart(table, split, splitEnd, from, to)) return clearForce();
    at = partEnd + 1;
  }
}
