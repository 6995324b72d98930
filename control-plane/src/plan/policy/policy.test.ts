import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { loadDocuments } from "../../model/load.ts";
import type { DeploymentPlan } from "../deployment-plan.ts";
import { planDeployment } from "../plan-deployment.ts";
import { trafficAmong } from "./traffic-among.ts";

const CASES = new URL("../../model/testdata/", import.meta.url);
const FULL = readFileSync(new URL("policy-full/in.yaml", CASES), "utf8");

function planOf(text: string): DeploymentPlan {
  const [deployment] = loadDocuments([{ file: "in.yaml", text }]).value.deployments;
  assert.ok(deployment?.accepted === true, JSON.stringify(deployment?.problems));
  const { value, problems } = planDeployment(deployment);
  assert.ok(value !== undefined, JSON.stringify(problems));
  return value;
}

/** The deployment of the case with another policy. */
function planWith(spec: string): DeploymentPlan {
  const [deployment = "", policy = ""] = FULL.split("---\n");
  const head = policy.slice(0, policy.indexOf("  sticky:"));
  return planOf(`${deployment}---\n${head}${spec}\n`);
}

describe("a RoutePolicy in the plan", () => {
  const plan = planOf(FULL);

  it("has its sticky keys in their order, with the cookie that is issued", () => {
    assert.deepEqual(plan.sticky, {
      keys: [
        { kind: "header", name: "x-user" },
        { kind: "cookie", name: "uid", issue: { maxAgeSeconds: 86400, path: "/", secure: true, sameSite: "None" } },
        { kind: "query", name: "user" },
      ],
      salt: "spring",
    });
  });

  it("has its rules, named and with every condition", () => {
    assert.deepEqual(plan.rules, [
      {
        name: "gold",
        conditions: [
          { on: "transport", transport: "rest" },
          { on: "method", test: { kind: "exact", text: "POST" } },
          { on: "path", test: { kind: "prefix", text: "api/v1.0/" } },
          { on: "header", name: "x-tier", test: { kind: "exact", text: "gold" } },
          { on: "header", name: "x-beta", test: { kind: "absent" } },
          { on: "cookie", name: "lang", test: { kind: "prefix", text: "en" } },
          { on: "query", name: "debug", test: { kind: "present" } },
        ],
        percent: 100,
        split: [{ predictor: "canary", weight: 100 }],
      },
      {
        name: "rule-2",
        conditions: [],
        percent: 12.5,
        split: [
          { predictor: "main", weight: 0 },
          { predictor: "canary", weight: 3 },
        ],
      },
    ]);
  });

  it("refines the deployment's shadows and adds some", () => {
    const conditions = [{ on: "method", test: { kind: "exact", text: "POST" } }];
    assert.deepEqual(plan.shadows, [
      { predictor: "candidate", percent: 10, conditions, beside: ["main"], maxBodyBytes: 100000 },
      { predictor: "canary", percent: 100 },
    ]);
    const own = planWith("  shadows: [{predictor: candidate, maxBodyBytes: 5}]").shadows;
    assert.deepEqual(own, [{ predictor: "candidate", percent: 50, maxBodyBytes: 5 }]);
    assert.deepEqual(planWith("  shadows: [{predictor: candidate, percent: 0}]").shadows, []);
  });

  it("has retries, deadline, limits and ejection", () => {
    const { retry, deadline, limits, ejection, fallback } = plan;
    assert.deepEqual(
      { retry, deadline, limits, ejection, fallback },
      {
        retry: {
          attempts: 2,
          perTryTimeoutMs: 500,
          httpOn: ["gateway-error"],
          grpcOn: ["unavailable"],
          statuses: [503],
          budget: { percent: 20, minConcurrency: 3 },
        },
        deadline: { defaultMs: 2000, maxMs: 10000 },
        limits: { requestsPerSecond: 100, burst: 200, concurrency: 50 },
        ejection: { consecutiveErrors: 5, ejectMs: 30000, maxPercent: 50 },
        fallback: ["main", "canary"],
      },
    );
  });

  it("has its grants, and nobody where it names nobody", () => {
    const sha256 = "f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7";
    assert.deepEqual(plan.permits, {
      force: [
        { kind: "secret", sha256 },
        { kind: "claim", header: "x-jwt-role", value: "tester" },
        { kind: "namespace", namespace: "qa" },
      ],
      explain: [],
    });
  });

  it("of no retries has none, and rules of 0 % are left out", () => {
    assert.deepEqual(planWith("  retries: {attempts: 0}").retry, { attempts: 0 });
    assert.deepEqual(planWith("  rules: [{percent: 0, predictor: main}]").rules, []);
  });

  it("wins over annotations", () => {
    const text = readFileSync(new URL("policy-over-retries/in.yaml", CASES), "utf8");
    const over = planOf(text);
    assert.deepEqual(over.retry, { attempts: 2 });
    assert.deepEqual(
      over.sticky?.keys.map(({ name }) => name),
      ["x-user", "uid"],
    );
  });
});

describe("traffic among predictors that can be sent requests", () => {
  const traffic = {
    rules: [
      { name: "a", conditions: [], percent: 100, split: [{ predictor: "canary", weight: 1 }] },
      {
        name: "b",
        conditions: [],
        percent: 100,
        split: [
          { predictor: "canary", weight: 1 },
          { predictor: "main", weight: 1 },
        ],
      },
      {
        name: "c",
        conditions: [],
        percent: 100,
        split: [
          { predictor: "canary", weight: 1 },
          { predictor: "main", weight: 0 },
        ],
      },
    ],
    shadows: [
      { predictor: "candidate", percent: 1, beside: ["canary"] },
      { predictor: "other", percent: 2, beside: ["canary", "main"] },
      { predictor: "gone", percent: 3 },
      { predictor: "main", percent: 4 },
    ],
    fallback: ["canary", "main"],
  };

  it("leaves out those that can't, and what is about nobody then", () => {
    const among = trafficAmong(traffic, new Set(["main"]), (name) => name !== "gone");
    assert.deepEqual(among, {
      rules: [{ name: "b", conditions: [], percent: 100, split: [{ predictor: "main", weight: 1 }] }],
      shadows: [
        { predictor: "other", percent: 2, beside: ["main"] },
        { predictor: "main", percent: 4 },
      ],
      fallback: ["main"],
    });
  });

  it("is the same where all can", () => {
    assert.deepEqual(
      trafficAmong(traffic, new Set(["main", "canary"]), () => true),
      traffic,
    );
  });
});
