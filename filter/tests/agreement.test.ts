import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyDecision, decide, randomFrom } from "#proto/route-table/decide.ts";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import { filterBytes } from "./host/filter-file.ts";
import { FilterHost } from "./host/host.ts";
import { anyHeaders, anyTable } from "./random-cases.ts";

const wasm = filterBytes();

test("the compiled filter does to any request what the specification says", () => {
  let matched = 0;
  const host = FilterHost.load(wasm, 12345);
  const random = randomFrom(12345);
  fc.assert(
    fc.property(anyTable, fc.array(anyHeaders, { minLength: 1, maxLength: 8 }), (table, requests) => {
      assert.ok(host.configure(encodeRouteTable(table)));
      for (const headers of requests) {
        const decision = decide(table, headers, random);
        if (decision.choice !== undefined) matched += 1;
        assert.deepEqual(host.request(headers), applyDecision(headers, decision));
      }
    }),
    { numRuns: 3000, endOnFailure: true },
  );
  assert.ok(matched > 1000, `only ${matched} requests met a deployment`);
});
