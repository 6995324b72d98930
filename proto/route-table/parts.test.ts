import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyTable } from "./any-table-for-tests.ts";
import { encodeRouteTable } from "./encode.ts";
import { joinParts } from "./join-parts.ts";
import type { TableDeployment } from "./model.ts";
import { partsOf } from "./parts.ts";
import { writePart } from "./table-writer.ts";

const KEYS = 300;

/** A deployment takes the place of that of its key, or it goes. */
interface Edit {
  readonly key: string;
  readonly deployment: TableDeployment | undefined;
}

const edit: fc.Arbitrary<Edit> = fc
  .tuple(fc.integer({ min: 0, max: KEYS - 1 }), anyTable)
  .map(([number, { deployments }]) => ({ key: keyOf(number), deployment: deployments[0] }));

function keyOf(number: number): string {
  return `models/model-${String(number)}`;
}

function sorted(deployments: Iterable<TableDeployment>): readonly TableDeployment[] {
  return [...deployments].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** All alike but for their names. */
function deploymentOf(key: string): TableDeployment {
  const predictors = [{ name: "main", weight: 1, httpCluster: `${key}/http`, grpcCluster: `${key}/grpc` }];
  return { key, permits: { force: [], explain: [] }, stickyKeys: [], predictors, rules: [], shadows: [] };
}

/** Every other key. */
function firstDeployments(): Map<string, TableDeployment> {
  const keys = Array.from({ length: KEYS / 2 }, (_, index) => keyOf(index * 2));
  return new Map(keys.map((key) => [key, deploymentOf(key)]));
}

test("after any edits a table is, byte for byte, what it would be had nothing been there before", () => {
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 20 }), (edits) => {
      const deployments = firstDeployments();
      for (const { key, deployment } of edits) {
        if (deployment === undefined) deployments.delete(key);
        else deployments.set(key, { ...deployment, key });
        const table = { role: "gateway", generation: 1n, deployments: [...deployments.values()] } as const;
        assert.deepEqual(encodeRouteTable(table), encodeRouteTable(structuredClone(table)));
        const inOrder = sorted(deployments.values());
        assert.deepEqual(joinParts(partsOf(inOrder)), joinParts([writePart(inOrder)]));
      }
    }),
    { numRuns: 20 },
  );
});

test("an edit makes one part anew", () => {
  const before = firstDeployments();
  const parts = partsOf(sorted(before.values()));
  assert.ok(parts.length > 2, `${String(parts.length)} parts`);
  const [edited] = sorted(before.values());
  assert.ok(edited);
  const after = new Map(before).set(edited.key, { ...edited, maxTimeoutMs: 1 });
  const fresh = partsOf(sorted(after.values())).filter((part) => !parts.includes(part));
  assert.equal(fresh.length, 1);
});

/** Names of one deployment in each of many namespaces, and of many in one; the same ones every time. */
const FLEETS: readonly (readonly [string, (number: number) => string])[] = [
  ...["iris", "model", "classifier", "recommender-v2", "a"].map(
    (name) => [`${name} in every namespace`, (number: number) => `team-${String(number)}/${name}`] as const,
  ),
  ["padded namespaces", (number) => `${String(number).padStart(12, "0")}/fraud-detection`],
  ["long names of one ending", (number) => `models/customer-${String(number)}-recommendation-production`],
  ["one namespace", keyOf],
];

for (const [name, fleetKey] of FLEETS)
  test(`parts are neither all of one deployment nor a few huge ones: ${name}`, () => {
    const deployments = Array.from({ length: 4000 }, (_, number) => deploymentOf(fleetKey(number)));
    const lengths = partsOf(sorted(deployments)).map(({ hashes }) => hashes.length);
    const [longest, mean] = [Math.max(...lengths), deployments.length / lengths.length];
    assert.ok(mean > 16 && mean < 64, `${String(mean)} on average`);
    assert.ok(longest < 512, `${String(longest)} in one`);
  });
