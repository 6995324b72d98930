import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AT_CONTENT_HASH, HEADER_BYTES } from "../vocabulary/table-layout.ts";
import { anyTable } from "./any-table-for-tests.ts";
import { decodeRouteTable } from "./decode.ts";
import { encodeRouteTable, withGeneration } from "./encode.ts";
import { hashBytes, lastDrawOf, splitSeeds } from "./hashes.ts";
import type { RouteTable, TableDeployment } from "./model.ts";

function read(bytes: Uint8Array): RouteTable {
  const decoded = decodeRouteTable(bytes);
  assert.ok(decoded.ok, decoded.ok ? "" : decoded.reason);
  return decoded.table;
}

function byKey<T extends { readonly key: string }>(list: readonly T[]): readonly T[] {
  return [...list].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function byName<T extends { readonly name: string }>(list: readonly T[]): readonly T[] {
  return [...list].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a deployment is once its salt has become seeds and its shares draws, in the order of the bytes. */
function settled({ salt, ...deployment }: TableDeployment): TableDeployment {
  const split = (predictors: TableDeployment["predictors"]): TableDeployment["predictors"] =>
    byName(predictors).map((one) =>
      salt === undefined || salt === deployment.key ? one : { seeds: splitSeeds(salt, one.name), ...one },
    );
  const share = <T extends { readonly percent: number }>(one: T): T => ({ ...one, percent: lastDrawOf(one.percent) });
  return {
    ...deployment,
    predictors: split(deployment.predictors),
    rules: deployment.rules.map((rule) => share({ ...rule, predictors: split(rule.predictors) })),
    shadows: byName(deployment.shadows).map(share),
  };
}

test("a table that was written is read as it was", () => {
  fc.assert(
    fc.property(anyTable, (table) => {
      const bytes = encodeRouteTable(table);
      const again = read(bytes);
      assert.deepEqual(
        { ...again, deployments: again.deployments.map(settled) },
        { ...table, deployments: byKey(table.deployments).map(settled) },
      );
      assert.deepEqual(encodeRouteTable(again), bytes);
    }),
    { numRuns: 500 },
  );
});

/** Makes the content hash right again, so that the checks behind it are reached. */
function sealed(bytes: Uint8Array): Uint8Array {
  const hash = hashBytes(bytes.subarray(HEADER_BYTES), 0);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(AT_CONTENT_HASH, hash, true);
  return bytes;
}

test("a table with one wrong byte is refused, or is a table", () => {
  const [large] = fc
    .sample(
      anyTable.filter((table) => encodeRouteTable(table).length > 1000),
      { numRuns: 1, seed: 7 },
    )
    .map(encodeRouteTable);
  assert.ok(large);
  let taken = 0;
  let refused = 0;
  for (let at = 0; at < large.length; at++) {
    for (const change of [1, 0x80]) {
      const bytes = Uint8Array.from(large);
      bytes[at] = (bytes[at] ?? 0) ^ change;
      if (at >= HEADER_BYTES) assert.ok(!decodeRouteTable(bytes).ok, `byte ${at} is not covered by the content hash`);
      const decoded = decodeRouteTable(sealed(bytes));
      if (decoded.ok) {
        taken += 1;
        read(encodeRouteTable(decoded.table));
      } else refused += 1;
    }
  }
  assert.ok(taken > 100 && refused > 100, `${taken} taken, ${refused} refused`);
});

test("a table that is cut off anywhere is refused", () => {
  const [table] = fc.sample(anyTable, { numRuns: 1, seed: 3 });
  assert.ok(table);
  const bytes = encodeRouteTable(table);
  for (let length = 0; length < bytes.length; length++) assert.ok(!decodeRouteTable(bytes.slice(0, length)).ok);
});

test("a table under another number is what it would have been under it", () => {
  fc.assert(
    fc.property(anyTable, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (table, generation) => {
      assert.deepEqual(withGeneration(encodeRouteTable(table), generation), encodeRouteTable({ ...table, generation }));
    }),
    { numRuns: 50 },
  );
});
