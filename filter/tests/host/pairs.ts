import { bytesOf } from "#proto/route-table/hashes.ts";
import type { Headers } from "#proto/route-table/request.ts";

/** Headers in the encoding of Proxy-Wasm: count, then lengths of all names and values, then each with a zero after it. */
export function encodePairs(headers: Headers): Uint8Array {
  const parts = headers.map(([name, value]) => [bytesOf(name), bytesOf(value)] as const);
  const size = parts.reduce((sum, [name, value]) => sum + name.length + value.length + 10, 4);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, parts.length, true);
  let at = 4 + parts.length * 8;
  parts.forEach(([name, value], index) => {
    view.setUint32(4 + index * 8, name.length, true);
    view.setUint32(8 + index * 8, value.length, true);
    bytes.set(name, at);
    bytes.set(value, at + name.length + 1);
    at += name.length + value.length + 2;
  });
  return bytes;
}
