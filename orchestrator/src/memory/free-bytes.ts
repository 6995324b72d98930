/** Requests from here on are worth being freed at once. */
export const LARGE_BYTES = 65_536;

/** Memory that sockets write from, and for how many writes. */
const sending = new Map<ArrayBufferLike, number>();

/** Keeps memory from being freed until `endSending`. */
export function beginSending(memory: ArrayBufferLike): void {
  sending.set(memory, (sending.get(memory) ?? 0) + 1);
}

export function endSending(memory: ArrayBufferLike): void {
  const writes = (sending.get(memory) ?? 0) - 1;
  if (writes > 0) sending.set(memory, writes);
  else sending.delete(memory);
}

/**
 * Frees a buffer's memory at once; whoever still holds the buffer finds it empty. Left to the garbage collector, a few
 * dozen large bodies cost a full collection, which is a third of all that it takes to hand them on. Only for the last
 * owner. A part of larger memory stays as it is, and so does what is being sent.
 */
export function freeBytes(bytes: Buffer): void {
  const { buffer } = bytes;
  if (bytes.length === 0 || bytes.length !== buffer.byteLength || sending.has(buffer)) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
