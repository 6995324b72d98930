import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { RulePlan } from "../../plan/traffic-plan.ts";
import { planOf, type PlanChanges } from "./plan-for-tests.ts";
import { ISTIO_CLUSTERS, planRouteTable, type FilterTableOptions } from "./render.ts";

/** A rule that takes about so many bytes. */
function rule(bytes: number, predictor = "main", name = "long"): RulePlan {
  const conditions = Array.from({ length: Math.ceil(bytes / 1000) }, () => {
    return { on: "method", test: { kind: "exact", text: "x".repeat(1000) } } as const;
  });
  return { name, conditions, percent: 100, split: [{ predictor, weight: 1 }] };
}

const options = { role: "outbound", generation: 1n, clusters: () => "", maxBytes: 6000 } as const;

function plan(plans: readonly DeploymentPlan[], standing: readonly DeploymentPlan[], more: object = {}) {
  const all: FilterTableOptions = { ...options, ...more, standing };
  const { value, problems, standing: stands } = planRouteTable(plans, all);
  assert.deepEqual(
    value.deployments.map(({ key }) => key),
    stands.map(({ key }) => key),
  );
  return { stands, problems, keys: stands.map(({ key }) => key).join(" ") };
}

const SMALL = planOf("m/small");
const GROWN = planOf("m/small", { rules: [rule(7000)] });

test("a newcomer without room takes nobody's place, whatever its name; the problem says where and what to do", () => {
  const first = plan([SMALL], []);
  const { keys, problems } = plan([planOf("a/new", { rules: [rule(7000)] }), SMALL], first.stands);
  assert.equal(keys, "m/small");
  const [full, ...others] = problems;
  assert.deepEqual(others, []);
  assert.equal(full?.code, "FilterTableFull");
  assert.equal(full.object, "a/new");
  assert.equal(full.path, "spec");
  assert.match(full.message, /full at 6000 bytes; Envoy's weighted routes serve it/);
  assert.match(full.hint, /split the deployments over several gateways/);
  const both = [planOf("a/new", { rules: [rule(3000)] }), planOf("m/small", { rules: [rule(3000)] })];
  assert.equal(plan(both, []).keys, "a/new", "without anybody there the first name goes first");
  assert.equal(plan(both, both.slice(1)).keys, "m/small");
});

test("the version before goes on where the newest has no room, until there is room", () => {
  const neighbour = planOf("m/other", { rules: [rule(3000)] });
  const before = [planOf("m/one", { rules: [rule(1000)] }), neighbour];
  const grown = planOf("m/one", { rules: [rule(4000)] });
  const crowded = plan([grown, neighbour], before);
  assert.deepEqual(crowded.stands, before);
  assert.equal(crowded.problems[0]?.code, "FilterTableFull");
  assert.match(crowded.problems[0].message, /its version before stays in force/);
  const again = plan([grown, neighbour], crowded.stands);
  assert.deepEqual(again.stands, before, "it goes on for as long as it takes");
  const roomy = plan([grown], again.stands);
  assert.deepEqual(roomy.stands, [grown]);
  assert.deepEqual(roomy.problems, []);
});

test("what others give up is had by those who stand there, and then by newcomers", () => {
  const [a, b] = [planOf("m/a", { rules: [rule(2000)] }), planOf("m/b", { rules: [rule(3000)] })];
  const [grownA, shrunkB] = [planOf("m/a", { rules: [rule(4000)] }), SMALL];
  assert.deepEqual(plan([grownA, b], [a, b]).stands, [a, b]);
  assert.deepEqual(plan([grownA, planOf("m/b")], [a, b]).stands[0], grownA);
  assert.equal(plan([shrunkB, b, a], [a, b]).keys, "m/a m/b m/small");
});

const SECRET = { kind: "secret", sha256: "ab".repeat(32) } as const;
const two = (main: number, canary: number): DeploymentPlan["split"] => [
  { predictor: "main", weight: main },
  { predictor: "canary", weight: canary },
];
const FORCED = { force: [SECRET], explain: [] } as const;
const idle: RulePlan = { ...rule(1), split: two(100, 0) };
const at = (host: string): PlanChanges => ({
  predictors: [{ name: "s", serviceHost: host, httpPort: 1, grpcPort: 2 }] as unknown as DeploymentPlan["predictors"],
  shadows: [{ predictor: "s", percent: 10 }],
});

for (const [what, before, now, stays] of [
  ["new weights and rules wait", { split: two(75, 25) }, { split: two(50, 50) }, true],
  ["a predictor that others are named beside stays", {}, { split: two(50, 50) }, true],
  ["one that only stands in now is reached", { split: two(75, 25) }, { fallback: ["canary"] }, true],
  ["a predictor that gets nothing holds nothing up", { split: two(100, 0) }, {}, true],
  ["nor does one in a rule", { rules: [idle] }, {}, true],
  [
    "it may still be forced where the newest may be too",
    { split: two(100, 0), permits: FORCED },
    { split: two(100, 0), permits: FORCED },
    true,
  ],
  [
    "but nobody forces a request to it when it is gone",
    { split: two(100, 0), permits: FORCED },
    { permits: FORCED },
    false,
  ],
  ["nobody is sent to a predictor that gets nothing any more", { split: two(75, 25) }, { split: two(100, 0) }, false],
  ["nor by a rule", { rules: [rule(1, "canary")] }, {}, false],
  ["nor a copy", at("here"), {}, false],
  ["nor a copy to where it was", at("here"), at("there"), false],
  ["a copy goes on", at("here"), at("here"), true],
  ["a permit that is taken back is gone", { permits: { force: [SECRET], explain: [] } }, {}, false],
] as const satisfies readonly (readonly [string, PlanChanges, PlanChanges, boolean])[])
  test(`of a version that goes on: ${what}`, () => {
    const stood = planOf("m/small", before);
    const crowded = planOf("m/small", { ...now, rules: [rule(7000)] });
    const { stands, problems } = plan([crowded], [stood], { clusters: ISTIO_CLUSTERS });
    assert.deepEqual(stands, stays ? [stood] : []);
    assert.equal(problems.length, 1);
  });

test("of a version that cannot stand in a table at all the one before goes on too", () => {
  const unfit = planOf("m/small", { split: [{ predictor: "main", weight: 1.5 }] });
  const { stands, problems } = plan([unfit], [SMALL]);
  assert.deepEqual(stands, [SMALL]);
  assert.equal(problems[0]?.code, "FilterTableUnfit");
  assert.match(problems[0].message, /weight 1.5 of main.*; its version before stays in force/);
});

test("who is not given any more is gone, and a table with room for all goes by the plans alone", () => {
  assert.equal(plan([], [SMALL]).keys, "");
  assert.deepEqual(plan([GROWN], [SMALL], { maxBytes: 100_000 }).stands, [GROWN]);
});

test("who stood keeps the place as the newest when that is no larger, though the version before cannot go on", () => {
  const [a, grownA] = [planOf("m/a", { rules: [rule(1000)] }), planOf("m/a", { rules: [rule(4000)] })];
  const b = planOf("m/b", { rules: [rule(3000)], permits: { force: [SECRET], explain: [] } });
  const changedB = planOf("m/b", { rules: [rule(3000)] });
  assert.deepEqual(plan([grownA, changedB], [a, b]).stands, [a, changedB]);
});

test("and where it takes more it comes before those that grow and could go on", () => {
  const [a, grownA] = [planOf("m/a", { rules: [rule(1000)] }), planOf("m/a", { rules: [rule(3000)] })];
  const b = planOf("m/b", { rules: [rule(2000)], permits: { force: [SECRET], explain: [] } });
  const changedB = planOf("m/b", { rules: [rule(3000)] });
  assert.deepEqual(plan([grownA, changedB], [a, b]).stands, [a, changedB]);
});
