import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { dump, load } from "js-yaml";
import { decideCase, readCase, type VectorResult } from "./case.ts";
import { decodeRouteTable } from "./decode.ts";
import { encodeRouteTable } from "./encode.ts";

// GOLDEN=write writes the results instead of comparing them; read the diff.
const VECTORS = fileURLToPath(new URL("../vectors", import.meta.url));

for (const name of readdirSync(VECTORS)) {
  const folder = join(VECTORS, name);
  const results = join(folder, "decisions.yaml");

  test(`vectors: ${name}`, () => {
    const one = readCase(folder);
    const bytes = encodeRouteTable(one.table);
    const actual: VectorResult = { table: Buffer.from(bytes).toString("base64"), decisions: decideCase(one) };
    if (process.env["GOLDEN"] === "write") writeFileSync(results, dump(actual, { lineWidth: 120 }));
    assert.deepEqual(actual, load(readFileSync(results, "utf8")));
    const decoded = decodeRouteTable(bytes);
    assert.ok(decoded.ok);
    assert.deepEqual(encodeRouteTable(decoded.table), bytes);
  });
}

test("there are vectors", () => {
  assert.ok(readdirSync(VECTORS).length >= 9);
});
