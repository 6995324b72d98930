import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeploymentPlan } from "../plan/deployment-plan.ts";
import type { Condition } from "../plan/traffic-plan.ts";
import { FEATURES, findInexpressible, type FeatureTarget } from "./features.ts";
import { renderIstio } from "./istio/render.ts";
import { planFor, predictorFor, withBypass } from "./xds/plans-for-tests.ts";

const exact = { kind: "exact", text: "x" } as const;
const present = { kind: "present" } as const;

function ruled(condition: readonly Condition[], percent = 100): Partial<DeploymentPlan> {
  return { rules: [{ name: "r", conditions: condition, percent, split: [{ predictor: "a", weight: 1 }] }] };
}

function shadowed(change: Partial<DeploymentPlan["shadows"][number]>): Partial<DeploymentPlan> {
  return { shadows: [{ predictor: "c", percent: 5, ...change }] };
}

const explained = {
  ...predictorFor("example", "a"),
  explainer: { serviceName: "e", serviceHost: "e.seldon", httpPort: 9000, subsetLabels: {} },
};
const router = predictorFor("example", "a");

/** A plan that asks for each feature, by the feature's name. */
const ASKING: Readonly<Record<string, Partial<DeploymentPlan>>> = {
  "split by weights": {},
  "clients stay on their predictor (sticky keys)": { sticky: { keys: [{ kind: "header", name: "u" }] } },
  "a cookie for clients without a key": {
    sticky: { keys: [{ kind: "cookie", name: "u", issue: { secure: true, sameSite: "Lax" } }] },
  },
  "a salt that deployments share": { sticky: { keys: [{ kind: "query", name: "u" }], salt: "s" } },
  "rules by exact header, query parameter, method or path": ruled([{ on: "header", name: "h", test: exact }]),
  "rules by prefix, suffix, part, presence or absence": ruled([{ on: "query", name: "h", test: present }]),
  "rules by cookie": ruled([{ on: "cookie", name: "h", test: exact }]),
  "rules for a share of the matching requests": ruled([], 5),
  "rules for every request": ruled([]),
  "a shadow that gets a share of the requests": shadowed({}),
  "several shadows": { shadows: ["c", "d"].map((predictor) => ({ predictor, percent: 5 })) },
  "copies are marked as copies": shadowed({}),
  "shadows by header, cookie, query, path or method": shadowed({ conditions: [{ on: "path", test: present }] }),
  "shadows beside some predictors only": shadowed({ beside: ["a"] }),
  "no copies of large bodies": shadowed({ maxBodyBytes: 5 }),
  retries: { retry: { attempts: 1 } },
  "a budget of retries": { retry: { attempts: 1, budget: { percent: 5, minConcurrency: 1 } } },
  "feedback is never retried": {
    predictors: [{ ...router, graph: { ...router.graph, type: "ROUTER" } }, predictorFor("example", "b")],
  },
  "a deadline for every request": { deadline: { defaultMs: 5, maxMs: 9 } },
  "fallback when no pod of a predictor can answer": { fallback: ["a"] },
  "requests per second": { limits: { requestsPerSecond: 5 } },
  "requests in flight": { limits: { concurrency: 5 } },
  "ejection of failing pods": { ejection: { consecutiveErrors: 5, ejectMs: 5, maxPercent: 5 } },
  "circuit breakers": { circuitBreakers: { maxRequests: 5 } },
  "requests straight to the model (bypass)": { predictors: withBypass(planFor("example", { a: 1, b: 1 })).predictors },
  "a client may choose the predictor (`x-graphway-force`)": { permits: { force: [{ kind: "anyone" }], explain: [] } },
  "a client may ask why (`x-graphway-explain`)": { permits: { force: [], explain: [{ kind: "anyone" }] } },
  "answering requests for another deployment by header value": {
    takeover: { deployment: "o", headers: [{ name: "h", value: "v" }] },
  },
  "answering requests for another deployment by a header's presence": {
    takeover: { deployment: "o", headers: [{ name: "h" }] },
  },
  explainers: { predictors: [explained, predictorFor("example", "b")] },
  "requests inside the mesh (gateway `mesh`)": { gateways: ["mesh"] },
};

function asking(name: string): DeploymentPlan {
  return planFor("example", { a: 1, b: 1 }, {}, ASKING[name]);
}

test("every feature has a plan here, and is found in it", () => {
  assert.deepEqual(
    Object.keys(ASKING),
    FEATURES.map(({ name }) => name),
  );
  for (const { name, uses } of FEATURES) assert.ok(uses(asking(name)).length > 0, name);
});

test("a plan that asks for nothing but a predictor can be said by every target", () => {
  const plan = planFor("example", { a: 1 });
  assert.ok(FEATURES.every(({ uses }) => uses(plan).length === 0));
});

for (const { name, targets } of FEATURES) {
  test(`${name}: a problem where a target cannot say it, and only there`, () => {
    for (const [target, { level }] of Object.entries(targets)) {
      const problems = findInexpressible(asking(name), target as FeatureTarget);
      assert.equal(
        problems.some(({ message }) => message.includes(`: ${name}: `)),
        level !== "full",
      );
    }
  });

  test(`${name}: the Istio objects' own problems agree`, () => {
    for (const [target, namedEntries] of [
      ["istio", true],
      ["istio-plain", false],
    ] as const) {
      if (targets[target].level !== "no") continue;
      const { problems } = renderIstio(asking(name), { namedEntries });
      assert.ok(
        problems.some(({ code }) => code === "IstioInexpressible"),
        target,
      );
    }
  });
}
