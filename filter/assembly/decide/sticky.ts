// The sticky key of a request: a header, a cookie or a query parameter, the first where it stands more than once.
import { MAX_STICKY_KEY_BYTES } from "../../../proto/vocabulary/limits";
import { STICKY_COOKIE, STICKY_HEADER, STICKY_NONE } from "../../../proto/vocabulary/table-layout";
import { hashBytes, indexOf, isName, sameText } from "../bytes";
import { COOKIE } from "../names";
import { stickyKindOf, stickyNameLengthOf, stickyNameOf } from "../table/records";
import { firstHeader, name, nameLength, nextHeader, path, value, valueLength } from "./headers";

const SEMICOLON: u8 = 59;
const EQUALS: u8 = 61;
const AMPERSAND: u8 = 38;
const PERCENT: u8 = 37;
const PLUS: u8 = 43;
const SPACE: u8 = 32;
const TAB: u8 = 9;

/** A decoded query parameter. */
const decoded = memory.data(MAX_STICKY_KEY_BYTES, 8);

// The key that was found; `found` false: none, or an empty one.
let found: bool = false;
let text: usize = 0;
let length: u32 = 0;

function take(from: usize, bytes: u32): void {
  text = from;
  length = bytes;
  found = bytes > 0;
}

function findHeader(wanted: usize, wantedLength: u32): void {
  firstHeader();
  while (nextHeader()) {
    if (sameText(name, nameLength, wanted, wantedLength)) return take(value, valueLength);
  }
}

export function isBlank(byte: u8): bool {
  return byte == SPACE || byte == TAB;
}

/** Address of the first byte in [from, end) that is not blank. */
export function skipBlanks(from: usize, end: usize): usize {
  while (from < end && isBlank(load<u8>(from))) from++;
  return from;
}

/** Address after the last byte in [from, end) that is not blank. */
export function dropBlanks(from: usize, end: usize): usize {
  while (end > from && isBlank(load<u8>(end - 1))) end--;
  return end;
}

/** Looks for a cookie in one header; true when it is there, be it empty. */
function findInCookies(wanted: usize, wantedLength: u32, at: usize, end: usize): bool {
  while (at < end) {
    const pairEnd = indexOf(SEMICOLON, at, end);
    const equals = indexOf(EQUALS, at, pairEnd);
    if (equals < pairEnd) {
      const start = skipBlanks(at, equals);
      if (sameText(start, <u32>(dropBlanks(start, equals) - start), wanted, wantedLength)) {
        const from = skipBlanks(equals + 1, pairEnd);
        take(from, <u32>(dropBlanks(from, pairEnd) - from));
        return true;
      }
    }
    at = pairEnd + 1;
  }
  return false;
}

function findCookie(wanted: usize, wantedLength: u32): void {
  firstHeader();
  while (nextHeader()) {
    if (!isName(name, nameLength, COOKIE)) continue;
    if (findInCookies(wanted, wantedLength, value, value + valueLength)) return;
  }
}

/** The value of a hexadecimal digit; 16 for any other byte. */
function digit(byte: u8): u8 {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : 16;
}

/** Decodes a name or value of a query into `decoded`, as much as fits; returns its length. */
function decode(from: usize, end: usize): u32 {
  let bytes: u32 = 0;
  while (from < end && bytes < <u32>MAX_STICKY_KEY_BYTES) {
    let byte = load<u8>(from++);
    if (byte == PLUS) byte = SPACE;
    else if (byte == PERCENT && from + 2 <= end) {
      const high = digit(load<u8>(from));
      const low = digit(load<u8>(from, 1));
      if (high < 16 && low < 16) {
        byte = (high << 4) | low;
        from += 2;
      }
    }
    store<u8>(decoded + bytes++, byte);
  }
  return bytes;
}

function findInQuery(wanted: usize, wantedLength: u32): void {
  const end = indexOf(35, path.text, path.text + path.length);
  let at = indexOf(63, path.text, end) + 1;
  while (at < end) {
    const pairEnd = indexOf(AMPERSAND, at, end);
    const equals = indexOf(EQUALS, at, pairEnd);
    if (equals < pairEnd && sameText(decoded, decode(at, equals), wanted, wantedLength)) {
      return take(decoded, decode(equals + 1, pairEnd));
    }
    at = pairEnd + 1;
  }
}

/** Looks for the sticky key of the request; false when it is absent or empty. */
export function findSticky(table: usize, deployment: usize): bool {
  found = false;
  const kind = stickyKindOf(deployment);
  if (kind == STICKY_NONE) return false;
  const wanted = stickyNameOf(table, deployment);
  const wantedLength = stickyNameLengthOf(deployment);
  if (kind == STICKY_HEADER) findHeader(wanted, wantedLength);
  else if (kind == STICKY_COOKIE) findCookie(wanted, wantedLength);
  else findInQuery(wanted, wantedLength);
  return found;
}

/** Hash of a key, of which the first MAX_STICKY_KEY_BYTES count. */
export function hashKey(key: usize, bytes: u32): u32 {
  return hashBytes(key, min(bytes, <u32>MAX_STICKY_KEY_BYTES), 0);
}

/** Hash of the sticky key that was found. */
export function hashSticky(): u32 {
  return hashKey(text, length);
}
