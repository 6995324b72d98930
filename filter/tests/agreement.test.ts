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

/** Runs requests through the compiled filter and the specification, which must do the same; counts what was met. */
function agree(anyRequest: fc.Arbitrary<Headers>, numRuns: number): Readonly<Record<string, number>> {
  const met: Record<string, number> = {};
  const host = FilterHost.load(wasm, 12345);
  const random = randomFrom(12345);
  fc.assert(
    fc.property(
      anyTable,
      fc.array(fc.tuple(anyRequest, fc.boolean()), { minLength: 1, maxLength: 8 }),
      (table, requests) => {
        assert.ok(host.configure(encodeRouteTable(table)));
        for (const [headers, isEnd] of requests) {
          const decision = decide(table, headers, random, isEnd);
          for (const [name] of decision.set) met[name] = (met[name] ?? 0) + 1;
          if (decision.choice?.rule !== undefined) met["rule"] = (met["rule"] ?? 0) + 1;
          if (decision.choice?.by === "forced") met["forced"] = (met["forced"] ?? 0) + 1;
          assert.deepEqual(host.request(headers, isEnd), applyDecision(headers, decision));
        }
      },
    ),
    { numRuns, endOnFailure: true },
  );
  return met;
}

test("the compiled filter does to any request what the specification says", () => {
  const met = agree(anyHeaders, 3000);
  const often = {
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
  };
  for (const [what, times] of Object.entries(often))
    assert.ok((met[what] ?? 0) >= times, `${what} was met ${met[what] ?? 0} times`);
});

test("and to requests of a client that means harm", { timeout: 120_000 }, () => {
  assert.ok((agree(hostileHeaders, 100)["x-graphway-predictor"] ?? 0) > 10);
});
