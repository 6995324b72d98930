import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyTable } from "#proto/route-table/any-table-for-tests.ts";
import { applyDecision, decide, randomFrom } from "#proto/route-table/decide.ts";
import { decodeRouteTable } from "#proto/route-table/decode.ts";
import { encodeRouteTable } from "#proto/route-table/encode.ts";
import { hashBytes } from "#proto/route-table/hashes.ts";
import { AT_CONTENT_HASH, AT_TOTAL, HEADER_BYTES } from "#proto/vocabulary/table-layout.ts";
import { filterBytes } from "./host/filter-file.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import { FilterHost } from "./host/host.ts";
import { encodePairs } from "./host/pairs.ts";
import { anyHeaders } from "./random-cases.ts";

const wasm = filterBytes();
const SEED = 7;

/** Where to write what, and how much to cut off the end. */
const damage = fc.record({
  writes: fc.array(
    fc.record({
      at: fc.oneof(fc.nat(HEADER_BYTES - 1), fc.nat(2000)),
      value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 255)),
      times: fc.constantFrom(1, 1, 4),
    }),
    { maxLength: 4 },
  ),
  cut: fc.oneof(fc.constant(0), fc.nat(200)),
});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Uint8Array, { writes, cut }: Damage): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes.subarray(0, Math.max(0, bytes.length - cut)));
  for (const { at, value, times } of writes) copy.fill(value, at % (copy.length + 1), (at % (copy.length + 1)) + times);
  return copy;
}

/** Makes length and content hash right again, so that the checks behind them are reached. */
function sealed(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  if (bytes.length < HEADER_BYTES) return bytes;
  const view = new DataView(bytes.buffer);
  view.setUint32(AT_TOTAL, bytes.length, true);
  view.setUint32(AT_CONTENT_HASH, hashBytes(bytes.subarray(HEADER_BYTES), 0), true);
  return bytes;
}

test("a damaged table is taken or refused as the specification says, and never traps", () => {
  const host = FilterHost.load(wasm, SEED);
  let taken = 0;
  fc.assert(
    fc.property(anyTable, damage, fc.boolean(), anyHeaders, (table, harm, isSealed, headers) => {
      const bytes = damaged(encodeRouteTable(table), harm);
      const blob = isSealed ? sealed(bytes) : bytes;
      const decoded = decodeRouteTable(blob);
      assert.equal(host.configure(blob), decoded.ok || blob.length === 0);
      if (decoded.ok) taken += 1;
      host.request(headers);
      assert.ok(!host.hasFailed);
      assert.ok(host.memoryPages <= 32, `${host.memoryPages} pages`);
    }),
    { numRuns: 3000 },
  );
  assert.ok(taken > 100 && taken < 2900, `${taken} of 3000 were taken`);
});

/** A damaged header map may draw random words or not; where no cookie is issued and an id is there, a sound one draws none. */
function withoutIssue(table: RouteTable): RouteTable {
  const deployments = table.deployments.map((one) => ({
    ...one,
    stickyKeys: one.stickyKeys.map(({ kind, name }) => ({ kind, name })),
  }));
  return { ...table, deployments };
}

test("a damaged header map never traps, and a sound one after it is read rightly", () => {
  const host = FilterHost.load(wasm, SEED);
  const random = randomFrom(SEED);
  const withId = anyHeaders.map((headers) => [...headers, ["x-request-id", "one"] as const]);
  fc.assert(
    fc.property(anyTable.map(withoutIssue), withId, damage, withId, (table, headers, harm, next) => {
      assert.ok(host.configure(encodeRouteTable(table)));
      host.requestPairs(damaged(encodePairs(headers), harm));
      const sound = next.filter(([name, value]) => name !== "x-request-id" || value !== "");
      assert.deepEqual(host.request(sound), applyDecision(sound, decide(table, sound, random)));
      assert.ok(host.memoryPages <= 32, `${host.memoryPages} pages`);
    }),
    { numRuns: 3000 },
  );
});
