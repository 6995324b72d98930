import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { clusterName } from "../../plan/names.ts";
import { renderFilterTable } from "../filter-table/render.ts";
import { callGrpc, createUpstreams, endGrpc } from "./calls-for-tests.ts";
import { clusterBackends } from "./cluster-backends.ts";
import { renderEndpoints } from "./endpoints.ts";
import { freePort } from "../../../../scripts/free-port-for-tests.ts";
import { startEnvoy, type RunningEnvoy } from "./envoy-for-tests.ts";
import { renderFilterConfig } from "./filter-config.ts";
import { bare, planFor } from "./plans-for-tests.ts";
import { renderXds } from "./render.ts";
import type { XdsResource } from "./resource.ts";

const FILTER = fileURLToPath(new URL("../../../../build/filter/filter.wasm", import.meta.url));
const ISSUE = { path: "/seldon/", secure: true, sameSite: "Lax" } as const;

/** Routes and the real filter together. */
const PLANS: readonly DeploymentPlan[] = [
  planFor("sticky", { a: 1, b: 1 }, {}, { sticky: { keys: [{ kind: "cookie", name: "who", issue: ISSUE }] } }),
  planFor("timed", { main: 1 }, {}, { deadline: { defaultMs: 1_500, maxMs: 3_000 } }),
  bare(planFor("modest", { main: 1 }, {}, { deadline: { defaultMs: 1_500 } })),
  planFor("empty", { main: 1, canary: 0 }, {}, { fallback: ["canary"] }),
  planFor(
    "ruled",
    { main: 1, vip: 0 },
    {},
    {
      rules: [
        {
          name: "vips",
          conditions: [{ on: "header", name: "x-user", test: { kind: "prefix", text: "vip-" } }],
          percent: 100,
          split: [{ predictor: "vip", weight: 1 }],
        },
      ],
    },
  ),
];

/** So long that who is told of a timeout was told by the plan: Envoy's own is 15 s. */
const STUCK_MS = 12_000;
const upstreams = createUpstreams();
let envoy: RunningEnvoy | undefined;

async function endpointsOf(cluster: string): Promise<XdsResource> {
  if (cluster.startsWith("seldon/empty/main/")) return renderEndpoints(cluster, []);
  const port = await (cluster.endsWith("/grpc")
    ? upstreams.grpc(cluster, (stream) => {
        if (!cluster.startsWith("seldon/timed/")) endGrpc(stream);
        else
          setTimeout(() => {
            if (!stream.destroyed) endGrpc(stream);
          }, STUCK_MS).unref();
      })
    : upstreams.rest(cluster, (request, response) => {
        if (request.url === "/stuck") setTimeout(() => response.end(cluster), STUCK_MS).unref();
        else response.end(cluster);
      }));
  return renderEndpoints(cluster, [{ address: "127.0.0.1", port }]);
}

before(async () => {
  const port = await freePort();
  const { value } = renderXds(PLANS, { address: "127.0.0.1", port });
  const table = renderFilterTable(PLANS, {
    role: "gateway",
    generation: 1n,
    clusters: (plan, predictor, kind) => clusterName(plan.namespace, plan.name, predictor, kind),
  });
  assert.deepEqual(table.problems, []);
  const filter = renderFilterConfig("gateway", table.value, { filename: FILTER });
  const endpoints = await Promise.all(PLANS.flatMap(clusterBackends).map(({ cluster }) => endpointsOf(cluster)));
  envoy = await startEnvoy([...value, filter, ...endpoints], port);
});

after(async () => {
  await envoy?.stop();
  upstreams.close();
});

function url(): string {
  assert.ok(envoy !== undefined);
  return `http://127.0.0.1:${String(envoy.port)}`;
}

async function call(deployment: string, headers: Record<string, string> = {}, path = "x"): Promise<Response> {
  return fetch(`${url()}/seldon/seldon/${deployment}/${path}`, { method: "POST", body: "{}", headers });
}

test("a first visit brings a cookie, and the cookie keeps its client where it was", async () => {
  for (let i = 0; i < 8; i++) {
    const first = await call("sticky");
    const [cookie = ""] = first.headers.getSetCookie();
    assert.match(cookie, /^who=[0-9a-f]{16}; Path=\/seldon\/.*Secure/);
    assert.equal(upstreams.seen.at(-1)?.headers["x-graphway-set-cookie"], undefined);
    const server = await first.text();
    for (let again = 0; again < 3; again++) {
      const next = await call("sticky", { cookie: cookie.split(";")[0] ?? "" });
      assert.equal(await next.text(), server);
      assert.deepEqual(next.headers.getSetCookie(), []);
    }
  }
});

test("the filter's deadline and the route's are one", async () => {
  await (await call("timed", { "x-graphway-timeout-ms": "50000" })).text();
  assert.equal(upstreams.seen.at(-1)?.headers["x-graphway-timeout-ms"], "3000");
  assert.equal((await call("timed", {}, "stuck")).status, 504);
  const metadata = { seldon: "timed", namespace: "seldon" };
  assert.equal((await callGrpc(url(), "/seldon.protos.Seldon/Predict", metadata)).status, "4");
  assert.equal(upstreams.seen.at(-1)?.headers["grpc-timeout"], "1500m");
});

test("Envoy keeps the deadline where no orchestrator does, the default and a client's own, and the model is told nothing", async () => {
  assert.equal((await call("modest", {}, "stuck")).status, 504);
  assert.equal((await call("modest", { "x-graphway-timeout-ms": "500" }, "stuck")).status, 504);
  assert.equal((await call("modest", { "x-graphway-timeout-ms": "soon" }, "stuck")).status, 504);
  const longer = await call("modest", { "x-graphway-timeout-ms": "600000" }, "stuck");
  assert.equal(longer.status, 200, "a client that asks for more than the default gets it");
  await longer.text();
  const answered = await call("modest", { "x-graphway-timeout-ms": "600000" });
  await answered.text();
  assert.ok(answered.headers.has("x-graphway-route"));
  const told = Object.keys(upstreams.seen.at(-1)?.headers ?? {});
  assert.deepEqual(
    told.filter((name) => name.startsWith("x-graphway-")),
    [],
  );
});

test("a predictor without pods is stood in for, and the answer says so", async () => {
  const response = await call("empty");
  assert.equal(await response.text(), "seldon/empty/canary/http");
  assert.equal(response.headers.get("x-graphway-predictor"), "canary");
  assert.ok(response.headers.has("x-graphway-route"));
});

test("a rule's split counts, and the answer names its predictor", async () => {
  const vip = await call("ruled", { "x-user": "vip-7" });
  assert.equal(await vip.text(), "seldon/ruled/vip/http");
  assert.equal(vip.headers.get("x-graphway-predictor"), "vip");
  assert.equal(await (await call("ruled", { "x-user": "other" })).text(), "seldon/ruled/main/http");
});
