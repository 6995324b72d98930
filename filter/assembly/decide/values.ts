// Values that a request carries under a name: of a header, a cookie or a query parameter, the first where it stands more than once.
import { MAX_STICKY_KEY_BYTES } from "../../../proto/vocabulary/limits";
import { STICKY_COOKIE, STICKY_HEADER } from "../../../proto/vocabulary/table-layout";
import { dropBlanks, indexOf, isName, sameText, skipBlanks } from "../bytes";
import { COOKIE } from "../names";
import { findHeader, firstHeader, name, nameLength, nextHeader, path, value, valueLength } from "./headers";

const SEMICOLON: u8 = 59;
const EQUALS: u8 = 61;
const AMPERSAND: u8 = 38;
const PERCENT: u8 = 37;
const PLUS: u8 = 43;
const SPACE: u8 = 32;
const QUESTION_MARK: u8 = 63;
const HASH_SIGN: u8 = 35;

/** A decoded query parameter; one byte longer than any name of a table, so that a longer one never equals it. */
const decoded = memory.data(MAX_STICKY_KEY_BYTES + 1, 8);

/** The value that was found last; a query parameter's lasts until the next search. */
export let found: usize = 0;
export let foundLength: u32 = 0;

function take(text: usize, length: u32): bool {
  found = text;
  foundLength = length;
  return true;
}

function findInCookies(wanted: usize, wantedLength: u32, at: usize, end: usize): bool {
  while (at < end) {
    const pairEnd = indexOf(SEMICOLON, at, end);
    const equals = indexOf(EQUALS, at, pairEnd);
    if (equals < pairEnd) {
      const start = skipBlanks(at, equals);
      if (sameText(start, <u32>(dropBlanks(start, equals) - start), wanted, wantedLength)) {
        const from = skipBlanks(equals + 1, pairEnd);
        return take(from, <u32>(dropBlanks(from, pairEnd) - from));
      }
    }
    at = pairEnd + 1;
  }
  return false;
}

function findCookie(wanted: usize, wantedLength: u32): bool {
  firstHeader();
  while (nextHeader()) {
    if (!isName(name, nameLength, COOKIE)) continue;
    if (findInCookies(wanted, wantedLength, value, value + valueLength)) return true;
  }
  return false;
}

/** The value of a hexadecimal digit; 16 for any other byte. */
function digit(byte: u8): u8 {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : 16;
}

/** Decodes a name or value of a query into `decoded`, at most `limit` bytes; returns its length. */
function decode(from: usize, end: usize, limit: u32): u32 {
  let bytes: u32 = 0;
  while (from < end && bytes < limit) {
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

function findParameter(wanted: usize, wantedLength: u32): bool {
  const end = indexOf(HASH_SIGN, path.text, path.text + path.length);
  let at = indexOf(QUESTION_MARK, path.text, end) + 1;
  while (at < end) {
    const pairEnd = indexOf(AMPERSAND, at, end);
    const equals = indexOf(EQUALS, at, pairEnd);
    if (equals < pairEnd && sameText(decoded, decode(at, equals, MAX_STICKY_KEY_BYTES + 1), wanted, wantedLength)) {
      return take(decoded, decode(equals + 1, pairEnd, MAX_STICKY_KEY_BYTES));
    }
    at = pairEnd + 1;
  }
  return false;
}

/** Looks for a value, be it empty; false when it is absent. The kinds of sticky keys and of conditions have the same numbers. */
export function findValue(kind: u32, wanted: usize, wantedLength: u32): bool {
  if (kind == STICKY_HEADER) return findHeader(wanted, wantedLength) && take(value, valueLength);
  if (kind == STICKY_COOKIE) return findCookie(wanted, wantedLength);
  return findParameter(wanted, wantedLength);
}
