import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Path of the built filter. */
export const FILTER_PATH = fileURLToPath(new URL("../../../build/filter/filter.wasm", import.meta.url));

/** The built filter. `npm run build` makes it. */
export function filterBytes(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(FILTER_PATH));
}
