import { freeBytes } from "./free-bytes.ts";

/** Reads from here on are lent; to copy what is needed of a smaller one costs more than it saves. */
const LENT_BYTES = 16 * 1024;

/** A view of what a connection has read, as one that lasts. Whoever holds on to a part of a read asks for it. */
export function keepBytes(view: Buffer): Buffer {
  return view.buffer.byteLength < LENT_BYTES ? view : Buffer.from(view);
}

/** Frees what a connection has read, once it has been taken apart. */
export function giveBack(read: Buffer): void {
  if (read.length >= LENT_BYTES) freeBytes(read);
}
