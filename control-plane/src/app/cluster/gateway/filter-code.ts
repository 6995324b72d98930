import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The filter's Wasm, which stands beside the generated schemas in the checkout and in an image. */
export function readFilterCode(): Uint8Array {
  const schemas = dirname(fileURLToPath(import.meta.resolve("#proto/gen/xds.json")));
  return readFileSync(join(schemas, "..", "filter", "filter.wasm"));
}
