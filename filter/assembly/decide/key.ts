// The key of the split: a sticky key of the client's, a new cookie, the request id, or a random word.
import { MAX_STICKY_KEY_BYTES } from "../../../proto/vocabulary/limits";
import {
  DEPLOYMENT_FIRST_STICKY_KEY,
  DEPLOYMENT_STICKY_KEYS,
  STICKY_KEY_BYTES,
  STICKY_KEY_ISSUE,
  STICKY_KEY_KIND,
  STICKY_KEY_NAME,
  STICKY_KEY_NAME_LENGTH,
} from "../../../proto/vocabulary/table-layout";
import { hashBytes } from "../bytes";
import { BY_RANDOM, BY_REQUEST_ID, BY_STICKY } from "../names";
import { drawWord } from "../random";
import { stickyKeyAt, stringAt } from "../table/records";
import { isFeedback, isGrpc } from "./call";
import { requestId } from "./headers";
import { findValue, found, foundLength } from "./values";

/** Hash of the key of the split. */
export let key: u32 = 0;
/** Where it comes from: one of the names BY_…. */
export let keyFrom: usize = 0;
/** Hash of the request id, or a random word: what shadows are sampled by. */
export let requestKey: u32 = 0;
/** The sticky key whose cookie this request gets; 0: none. */
export let issued: usize = 0;
/** The value of that cookie. */
export const cookie = memory.data(16, 8);
export const COOKIE_BYTES: u32 = 16;

function hashKey(text: usize, length: u32): u32 {
  return hashBytes(text, min(length, <u32>MAX_STICKY_KEY_BYTES), 0);
}

function writeWord(at: usize, word: u32): void {
  for (let shift: i32 = 28; shift >= 0; shift -= 4, at++) {
    const digit = <u8>((word >>> shift) & 15);
    store<u8>(at, digit < 10 ? 48 + digit : 87 + digit);
  }
}

function issueCookie(stickyKey: usize): void {
  issued = stickyKey;
  writeWord(cookie, drawWord());
  writeWord(cookie + 8, drawWord());
  key = hashKey(cookie, COOKIE_BYTES);
  keyFrom = BY_STICKY;
}

function findSticky(table: usize, deployment: usize, count: u32): void {
  let toIssue: usize = 0;
  let one = stickyKeyAt(table, load<u32>(deployment + DEPLOYMENT_FIRST_STICKY_KEY));
  for (const end = one + count * STICKY_KEY_BYTES; one < end; one += STICKY_KEY_BYTES) {
    if (load<u8>(one + STICKY_KEY_ISSUE) != 0) toIssue = one;
    const name = stringAt(table, one + STICKY_KEY_NAME);
    if (!findValue(load<u8>(one + STICKY_KEY_KIND), name, load<u16>(one + STICKY_KEY_NAME_LENGTH)) || foundLength == 0) continue;
    key = hashKey(found, foundLength);
    keyFrom = BY_STICKY;
    return;
  }
  if (toIssue != 0 && !isGrpc && !isFeedback) issueCookie(toIssue);
}

/** Finds the keys of a request to a deployment. */
export function findKeys(table: usize, deployment: usize): void {
  const hasId = requestId.length > 0;
  requestKey = hasId ? hashKey(requestId.text, requestId.length) : drawWord();
  key = requestKey;
  keyFrom = hasId ? BY_REQUEST_ID : BY_RANDOM;
  issued = 0;
  const count: u32 = load<u8>(deployment + DEPLOYMENT_STICKY_KEYS);
  if (count > 0) findSticky(table, deployment, count);
}
