import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { load } from "js-yaml";
import { decideCase, readCase, VECTORS } from "./case.ts";
import { decodeRouteTable } from "./decode.ts";
import { encodeRouteTable } from "./encode.ts";

for (const name of readdirSync(VECTORS)) {
  const folder = join(VECTORS, name);
  const results = join(folder, "decisions.yaml");

  test(`vectors: ${name}`, () => {
    const one = readCase(folder);
    const bytes = encodeRouteTable(one.table);
    assert.deepEqual(decideCase(one), load(readFileSync(results, "utf8")));
    const decoded = decodeRouteTable(bytes);
    assert.ok(decoded.ok);
    assert.deepEqual(encodeRouteTable(decoded.table), bytes);
  });
}

test("there are vectors", () => {
  assert.ok(readdirSync(VECTORS).length >= 9);
});
