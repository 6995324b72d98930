import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decideCase, linesOf, readCase, VECTOR_SEED, VECTORS } from "#proto/route-table/case.ts";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import { startFilterVm } from "./filter-vm.ts";

const wasm = new Uint8Array(
  readFileSync(join(import.meta.dirname, "..", "..", "..", "..", "build", "filter", "filter.wasm")),
);

for (const name of readdirSync(VECTORS)) {
  test(`the compiled filter gives the vectors of ${name}`, () => {
    const read = readCase(join(VECTORS, name));
    const vm = startFilterVm(wasm, encodeRouteTable(read.table), VECTOR_SEED);
    assert.ok(vm !== undefined);
    const given = read.requests.map((request) => {
      return { name: request.name, headers: linesOf(vm.request(request.headers, request.endOfStream)) };
    });
    assert.deepEqual(given, decideCase(read).decisions);
  });
}

test("a table that the filter refuses is no table", () => {
  assert.equal(startFilterVm(wasm, Buffer.from("not a table"), 1), undefined);
});
