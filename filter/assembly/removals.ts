// Which headers of ours don't go on: what a client may not set, and what is meant for the filter alone.
import { isName, startsWith } from "./bytes";
import { firstHeader, hasOurs, name, nameLength, nextHeader } from "./decide/headers";
import { removeHeader } from "./host/calls";
import * as names from "./names";

/** Removes every header of ours, but for the deadline that a client asks for. */
export function removeOurs(): void {
  if (!hasOurs) return;
  firstHeader();
  while (nextHeader()) {
    if (startsWith(name, nameLength, names.OURS) && !isName(name, nameLength, names.TIMEOUT_MS)) removeHeader(name, nameLength);
  }
}

function isWish(): bool {
  return isName(name, nameLength, names.FORCE) || isName(name, nameLength, names.EXPLAIN) || isName(name, nameLength, names.SECRET);
}

/** Removes a client's wishes, and leaves what another Envoy has written. */
export function removeWishes(): void {
  if (!hasOurs) return;
  firstHeader();
  while (nextHeader()) {
    if (isWish()) removeHeader(name, nameLength);
  }
}
