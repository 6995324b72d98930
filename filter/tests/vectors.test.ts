import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { load } from "js-yaml";
import { linesOf, readCase, VECTOR_SEED, type VectorResult } from "#proto/route-table/case.ts";
import { filterBytes } from "./host/filter-file.ts";
import { FilterHost } from "./host/host.ts";

const VECTORS = fileURLToPath(new URL("../../proto/vectors", import.meta.url));
const wasm = filterBytes();

for (const name of readdirSync(VECTORS)) {
  test(`compiled filter: ${name}`, () => {
    const folder = join(VECTORS, name);
    const expected = load(readFileSync(join(folder, "decisions.yaml"), "utf8")) as VectorResult;
    const host = FilterHost.load(wasm, VECTOR_SEED);
    assert.ok(host.configure(Buffer.from(expected.table, "base64")));
    const decisions = readCase(folder).requests.map((one) => ({
      name: one.name,
      headers: linesOf(host.request(one.headers, one.endOfStream)),
    }));
    assert.deepEqual(decisions, expected.decisions);
  });
}
