import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyTable } from "#proto/route-table/any-table-for-tests.ts";
import { applyDecision, decide, randomFrom } from "#proto/route-table/decide.ts";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import { filterBytes } from "./host/filter-file.ts";
import { FilterHost } from "./host/host.ts";
import type { Headers } from "#proto/route-table/request.ts";
import { anyHeaders, hostileHeaders } from "./random-cases.ts";

const wasm = filterBytes();

/** A table and what is asked of it, up to eight requests. */
function anyRequests(anyHeaders: fc.Arbitrary<Headers>) {
  const request = fc.tuple(anyHeaders, fc.boolean());
  return fc.record({ table: anyTable, requests: fc.array(request, { minLength: 1, maxLength: 8 }) });
}

/** Runs requests through the compiled filter and the specification, which must do the same. */
function assertAgreement(anyHeaders: fc.Arbitrary<Headers>, numRuns: number): void {
  const host = FilterHost.load(wasm, 12345);
  const random = randomFrom(12345);
  fc.assert(
    fc.property(anyRequests(anyHeaders), ({ table, requests }) => {
      assert.ok(host.configure(encodeRouteTable(table)));
      for (const [headers, isEnd] of requests) {
        const expected = applyDecision(headers, decide(table, headers, random, isEnd));
        assert.deepEqual(host.request(headers, isEnd), expected);
      }
    }),
    { numRuns, endOnFailure: true },
  );
}

/** How often each header is set, a rule taken and a predictor forced, over the same requests every time. */
function countOutcomes(anyHeaders: fc.Arbitrary<Headers>, numRuns: number): ReadonlyMap<string, number> {
  const met = new Map<string, number>();
  const random = randomFrom(12345);
  for (const { table, requests } of fc.sample(anyRequests(anyHeaders), { numRuns, seed: 12345 })) {
    for (const [headers, isEnd] of requests) {
      const { set, choice } = decide(table, headers, random, isEnd);
      const names = set.map(([name]) => name);
      if (choice?.rule !== undefined) names.push("rule");
      if (choice?.by === "forced") names.push("forced");
      for (const name of names) met.set(name, (met.get(name) ?? 0) + 1);
    }
  }
  return met;
}

function assertMet(met: ReadonlyMap<string, number>, often: Readonly<Record<string, number>>): void {
  for (const [what, times] of Object.entries(often))
    assert.ok((met.get(what) ?? 0) >= times, `${what} was met ${met.get(what) ?? 0} times`);
}

test("the compiled filter does to any request what the specification says", () => {
  assertAgreement(anyHeaders, 3000);
});

test("and to requests of a client that means harm", { timeout: 600_000 }, () => {
  assertAgreement(hostileHeaders, 100);
});

test("these requests meet everything that a filter may do", () => {
  assertMet(countOutcomes(anyHeaders, 3000), {
    "x-graphway-predictor": 1000,
    "x-graphway-cluster": 500,
    "x-graphway-shadow-cluster-1": 40,
    "x-graphway-shadow-cluster-2": 10,
    "x-graphway-set-cookie": 100,
    "x-graphway-decision": 50,
    "x-graphway-timeout-ms": 200,
    "grpc-timeout": 100,
    "x-graphway-shadow": 20,
    "x-graphway-branch": 20,
    rule: 300,
    forced: 20,
  });
  assertMet(countOutcomes(hostileHeaders, 100), { "x-graphway-predictor": 10 });
});
