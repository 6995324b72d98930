import assert from "node:assert/strict";
import { test } from "node:test";
import { bare, planFor, predictorFor, withBypass } from "../xds/plans-for-tests.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { JsonObject } from "../xds/resource.ts";
import { renderIstio } from "./render.ts";

function entriesOf(routes: JsonObject | undefined): readonly Readonly<Record<string, unknown>>[] {
  return (routes?.["spec"] as { readonly http: readonly Record<string, unknown>[] }).http;
}

test("a TLS mode keeps the idle timeout beside it", () => {
  const { value, problems } = renderIstio(planFor("example", { main: 1 }), { tlsMode: "ISTIO_MUTUAL" });
  assert.deepEqual(problems, []);
  assert.deepEqual((value[0]?.["spec"] as Record<string, unknown>)["trafficPolicy"], {
    connectionPool: { http: { idleTimeout: "60s" } },
    tls: { mode: "ISTIO_MUTUAL" },
  });
});

test("a TLS mode that Istio does not know is reported, not turned into none in silence", () => {
  const { value, problems } = renderIstio(planFor("example", { main: 1 }), { tlsMode: "STRICT" });
  assert.deepEqual(
    problems.map((one) => one.code),
    ["IstioInexpressible"],
  );
  assert.ok(!JSON.stringify(value).includes("STRICT"));
});

test("what Istio cannot say is reported", () => {
  const plan = planFor("example", { main: 1 }, { one: 100, two: 100 });
  const named = { ...plan, predictors: [...plan.predictors, predictorFor("example", "Not_A_Label")] };
  const messages = renderIstio(named).problems.map((one) => one.message);
  assert.equal(messages.length, 2);
  assert.match(messages[0] ?? "", /Not_A_Label/);
  assert.match(messages[1] ?? "", /first shadow/);
});

test("rules come before the routes that name their subsets, and every entry says its retries", () => {
  const { value } = renderIstio(planFor("example", { a: 50, b: 50 }, { copy: 10 }));
  assert.deepEqual(
    value.map((one) => one["kind"]),
    ["DestinationRule", "DestinationRule", "DestinationRule", "VirtualService"],
  );
  const http = entriesOf(value[3]);
  assert.equal(http.length, 2 * 5 + 5);
  const neverSent = { attempts: 2, retryOn: "connect-failure,refused-stream" };
  for (const entry of http) {
    const isFeedback = JSON.stringify(entry["match"]).toLowerCase().includes("feedback");
    assert.deepEqual(entry["retries"], isFeedback ? { attempts: 0 } : neverSent);
  }
});

test("a policy's retries, deadline, limits and ejection are said in Istio's words", () => {
  const plan = planFor(
    "example",
    { main: 1 },
    {},
    {
      retry: {
        attempts: 3,
        httpOn: ["5xx"],
        grpcOn: ["resource-exhausted"],
        statuses: [429],
        budget: { percent: 25, minConcurrency: 5 },
      },
      deadline: { defaultMs: 500, maxMs: 2000 },
      limits: { concurrency: 7 },
      circuitBreakers: { maxRequests: 100 },
      ejection: { consecutiveErrors: 4, ejectMs: 1500, maxPercent: 50 },
    },
  );
  const { value, problems } = renderIstio(plan);
  assert.deepEqual(problems, []);
  assert.deepEqual((value[0]?.["spec"] as Record<string, unknown>)["trafficPolicy"], {
    connectionPool: { http: { idleTimeout: "60s", http2MaxRequests: 7 } },
    outlierDetection: { consecutive5xxErrors: 4, baseEjectionTime: "1.5s", maxEjectionPercent: 50 },
    retryBudget: { percent: 25, minRetryConcurrency: 5 },
  });
  const entries = entriesOf(value[1]);
  assert.deepEqual(new Set(entries.map((entry) => entry["timeout"])), new Set(["2s"]));
  const policies = (name: string): unknown => entries.find((entry) => entry["name"] === name)?.["retries"];
  assert.deepEqual(policies("graphway.seldon.example.main"), { attempts: 3, retryOn: "5xx,429" });
  assert.deepEqual(policies("graphway.seldon.example.main.grpc"), {
    attempts: 3,
    retryOn: "5xx,resource-exhausted,429",
  });
  assert.deepEqual(policies("graphway.seldon.example.main.feedback"), { attempts: 0 });
});

test("a cookie that the filter issues is handed on with predictions that it decided on", () => {
  const sticky = { keys: [{ kind: "cookie", name: "lane", issue: { secure: true, sameSite: "Lax" } }] } as const;
  const { value } = renderIstio(planFor("example", { main: 1 }, {}, { sticky }));
  const handing = entriesOf(value[1]).filter((entry) => JSON.stringify(entry).includes("set-cookie"));
  assert.deepEqual(
    handing.map((entry) => entry["name"]),
    ["graphway.seldon.example.main", "graphway.seldon.example.main.grpc"],
  );
  const { headers } = handing[0] as { readonly headers: { readonly response: Record<string, unknown> } };
  assert.deepEqual(headers.response["add"], { "set-cookie": "%REQ(x-graphway-set-cookie)%" });
});

interface Headers {
  readonly request?: { readonly remove?: readonly string[]; readonly set?: object };
  readonly response?: { readonly set: Readonly<Record<string, string>> };
}

/** How the entries of a plan that lead to a model, or to its orchestrator, change headers. */
function headersOf(plan: DeploymentPlan, toModel: boolean, namedEntries = true): readonly Headers[] {
  const routes = renderIstio(plan, { namedEntries }).value.find((one) => one["kind"] === "VirtualService");
  const isMeant = (entry: Readonly<Record<string, unknown>>): boolean => String(entry["name"]).includes(".model.");
  const all = plan.predictors.every(({ orchestrator }) => orchestrator === "none");
  const entries = entriesOf(routes).filter((entry) => (all || isMeant(entry)) === toModel);
  assert.ok(entries.length > 0);
  return entries.map((entry) => (entry["headers"] ?? {}) as Headers);
}

test("a model is not sent what is for an orchestrator, and answers name its predictor all the same", () => {
  const removed = ["x-graphway-predictor", "x-graphway-branch", "x-graphway-timeout-ms"];
  const plan = planFor("example", { main: 1 });
  for (const [one, puids] of [
    [bare(plan), false],
    [withBypass(plan), true],
  ] as const) {
    const headers = headersOf(one, true);
    for (const { request, response } of headers) {
      assert.deepEqual(request?.remove, removed);
      assert.equal(request.set !== undefined, puids);
      if (response !== undefined) assert.equal(response.set["x-graphway-predictor"], "main");
    }
    assert.ok(headers.some(({ response }) => response !== undefined));
  }
  for (const { request, response } of headersOf(withBypass(plan), false)) {
    assert.equal(request, undefined, "an orchestrator is sent everything");
    if (response !== undefined) assert.equal(response.set["x-graphway-predictor"], "%REQ(x-graphway-predictor)%");
  }
  assert.deepEqual(
    headersOf(bare(plan), true, false),
    Array.from({ length: 5 }, () => ({})),
    "as Seldon writes them",
  );
});

test("a request that the filter sent to a predictor without an entry is not copied twice", () => {
  const copied = entriesOf(renderIstio(planFor("example", { main: 1 }, { copy: 100 })).value[2]);
  const mirrored = copied.filter((entry) => "mirror" in entry);
  assert.equal(mirrored.length, 2);
  for (const { headers } of mirrored)
    assert.deepEqual(headers, { request: { remove: [1, 2, 3, 4].map((n) => `x-graphway-shadow-cluster-${n}`) } });
});

test("what only the filter does is reported where it is not installed", () => {
  const plan = planFor(
    "example",
    { main: 1 },
    {},
    {
      sticky: { keys: [{ kind: "header", name: "x-user" }] },
      rules: [{ name: "one", conditions: [], percent: 1, split: [{ predictor: "main", weight: 1 }] }],
      permits: { force: [{ kind: "anyone" }], explain: [] },
      limits: { requestsPerSecond: 5 },
      fallback: ["main"],
    },
  );
  const paths = (namedEntries: boolean): readonly string[] =>
    renderIstio(plan, { namedEntries }).problems.map(({ code, path }) => `${code} ${path}`);
  const always = ["IstioInexpressible spec.limits.requestsPerSecond", "IstioInexpressible spec.fallback"];
  assert.deepEqual(paths(true), always);
  const filters = ["sticky", "rules", "force"].map((field) => `IstioInexpressible spec.${field}`);
  assert.deepEqual(paths(false), [...always, ...filters]);
});

test("a condition that Istio refuses is left out and reported", () => {
  const retry = { attempts: 1, httpOn: ["5xx", "retriable-moonshine"] };
  const { value, problems } = renderIstio(planFor("example", { main: 1 }, {}, { retry }));
  assert.match(problems[0]?.message ?? "", /retriable-moonshine/);
  assert.ok(!JSON.stringify(value).includes("moonshine"));
});
