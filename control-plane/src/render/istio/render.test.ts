import assert from "node:assert/strict";
import { test } from "node:test";
import { planFor, predictorFor } from "../xds/plans-for-tests.ts";
import { renderIstio } from "./render.ts";

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
  const { http } = value[3]?.["spec"] as { readonly http: readonly Record<string, unknown>[] };
  assert.equal(http.length, 2 * 5 + 5);
  for (const entry of http) assert.deepEqual(entry["retries"], { attempts: 0 });
});
