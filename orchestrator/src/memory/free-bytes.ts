/**
 * Frees a buffer's memory at once; whoever still holds the buffer finds it empty. Left to the garbage collector, a few
 * dozen large bodies cost a full collection, which is a third of all that it takes to hand them on. Only for the last
 * owner, and never while a socket writes from it. A part of larger memory stays as it is.
 */
export function freeBytes(bytes: Buffer): void {
  const { buffer } = bytes;
  if (bytes.length > 0 && bytes.length === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
