// What a sidecar does to requests that come in. The sender's Envoy has decided; here only wishes go, and a copy is marked as one.
import { FLAG_PEERS_ONLY, STICKY_HEADER } from "../../proto/vocabulary/table-layout";
import { endsWith, lengthOf } from "./bytes";
import { shadowMark } from "./decide/headers";
import { findValue, found, foundLength } from "./decide/values";
import { setHeader } from "./host/calls";
import * as names from "./names";
import { removeOurs, removeWishes } from "./removals";
import { flagsOf } from "./table/current";

const COLON: u8 = 58;

/** The length of an authority without its port. */
function hostLength(text: usize, length: u32): u32 {
  let at = length;
  while (at > 0 && <u8>(load<u8>(text + at - 1) - 48) <= 9) at--;
  return at > 0 && at < length && load<u8>(text + at - 1) == COLON ? at - 1 : length;
}

/** True when Envoy has made the request as a copy of another: it marks the authority of copies. */
function isCopy(): bool {
  if (!findValue(STICKY_HEADER, names.AUTHORITY, lengthOf(names.AUTHORITY))) return false;
  return endsWith(found, hostLength(found, foundLength), names.SHADOW_HOST_END);
}

/** True when headers of ours mean something: only a caller of the mesh shows a certificate, where the table says that one must. */
function isTrusted(table: usize): bool {
  if ((flagsOf(table) & FLAG_PEERS_ONLY) == 0) return true;
  return findValue(STICKY_HEADER, names.CLIENT_CERTIFICATE, lengthOf(names.CLIENT_CERTIFICATE)) && foundLength > 0;
}

/** Receives a request. */
export function receive(table: usize): void {
  const trusted = isTrusted(table);
  const isMarked = trusted && shadowMark.count > 0;
  const marks = !isMarked && isCopy();
  if (trusted) removeWishes();
  else removeOurs();
  if (marks) setHeader(names.SHADOW, lengthOf(names.SHADOW), names.ONE, lengthOf(names.ONE));
}
