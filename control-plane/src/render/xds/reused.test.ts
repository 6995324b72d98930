import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { decodeResource, encodeResource } from "./encode.ts";
import { explained, planFor } from "./plans-for-tests.ts";
import { renderXds } from "./render.ts";
import type { EncodedResource, JsonObject, XdsResource } from "./resource.ts";

/** What anybody may do to a list of plans; names are few, so that they come again. */
const PLANS = fc.uniqueArray(
  fc.record({
    name: fc.integer({ min: 0, max: 40 }).map((index) => `model-${String(index)}`),
    weight: fc.integer({ min: 1, max: 3 }),
    isExplained: fc.boolean(),
    takes: fc.option(fc.integer({ min: 0, max: 40 }).map((index) => `model-${String(index)}`)),
    hosts: fc.constantFrom(["*"], ["a.example.com"], ["a.example.com", "*"]),
  }),
  { selector: ({ name }) => name, maxLength: 30 },
);

type Described = typeof PLANS extends fc.Arbitrary<infer T> ? T : never;

function make(described: Described): readonly DeploymentPlan[] {
  return described.map(({ name, weight, isExplained, takes, hosts }) => {
    const takeover =
      takes === null || takes === name ? {} : { takeover: { deployment: takes, headers: [{ name: "x" }] } };
    const plan = planFor(name, { main: weight, canary: 1 }, {}, { hosts, ...takeover });
    return isExplained ? explained(plan) : plan;
  });
}

function encodeAll(plans: readonly DeploymentPlan[]): readonly EncodedResource[] {
  return renderXds(plans).value.map(encodeResource);
}

test("what was kept from before gives the same as what is made anew, in any order", () => {
  const kept = new Map<string, DeploymentPlan>();
  fc.assert(
    fc.property(PLANS, fc.boolean(), (described, isTurned) => {
      const plans = make(described).map((plan) => {
        const text = JSON.stringify(plan);
        const known = kept.get(text) ?? plan;
        kept.set(text, known);
        return known;
      });
      const reusing = encodeAll(isTurned ? plans.toReversed() : plans);
      const anew = encodeAll(make(described));
      const routes = (all: readonly EncodedResource[]): EncodedResource | undefined =>
        all.find(({ typeUrl }) => typeUrl.endsWith(".RouteConfiguration"));
      assert.equal(routes(reusing)?.version, routes(anew)?.version);
      assert.deepEqual(routes(reusing)?.bytes, routes(anew)?.bytes);
    }),
    { numRuns: 60 },
  );
});

test("other routes have another version, and the bytes say what the JSON says", () => {
  const before = [planFor("a", { main: 1 }), planFor("b", { main: 1 })];
  const after = [before[0], planFor("b", { main: 2 })].filter((one) => one !== undefined);
  const routesOf = (plans: readonly DeploymentPlan[]): XdsResource => {
    const found = renderXds(plans).value.find(({ typeUrl }) => typeUrl.endsWith(".RouteConfiguration"));
    assert.ok(found !== undefined);
    return found;
  };
  const versions = [before, after].map((plans) => encodeResource(routesOf(plans)).version);
  assert.notEqual(versions[0], versions[1]);
  const plain = { ...routesOf(after), body: JSON.parse(JSON.stringify(routesOf(after).body)) as JsonObject };
  assert.deepEqual(decodeResource(encodeResource(routesOf(after))), decodeResource(encodeResource(plain)));
});

test("a change makes new resources of the changed deployment alone", () => {
  const plans = ["a", "b", "c"].map((name) => planFor(name, { main: 1 }));
  const before = new Set(encodeAll(plans));
  const changed = encodeAll(plans.with(1, planFor("b", { main: 1, next: 1 }))).filter((one) => !before.has(one));
  assert.deepEqual(
    changed.map(({ name }) => name),
    [
      "seldon/b/main/http",
      "seldon/b/main/grpc",
      "seldon/b/next/http",
      "seldon/b/next/grpc",
      "graphway",
      "graphway",
      "graphway.limits",
    ],
  );
});
