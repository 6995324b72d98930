import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { freePort } from "../../../../scripts/free-port-for-tests.ts";
import { callGrpc, createUpstreams, endGrpc, type Upstreams } from "./calls-for-tests.ts";
import { clusterBackends } from "./cluster-backends.ts";
import { renderEndpoints } from "./endpoints.ts";
import { startEnvoy, type RunningEnvoy } from "./envoy-for-tests.ts";
import { renderFilterConfig } from "./filter-config.ts";
import { explained, planFor } from "./plans-for-tests.ts";
import { renderXds } from "./render.ts";
import type { XdsResource } from "./resource.ts";
import { TRAPPING } from "./trapping-filter-for-tests.ts";

const FILTER = fileURLToPath(new URL("../../../../build/filter/filter.wasm", import.meta.url));

const WISHES = { "x-graphway-force": "predictor=main", "x-graphway-explain": "1", "x-graphway-secret": "open sesame" };
const METADATA = { seldon: "plain", namespace: "seldon" };
const PLANS: readonly DeploymentPlan[] = [explained(planFor("plain", { main: 1 }, { copy: 100 }))];

/** What there may be in the filter's place, and what Envoy says when it has met it. */
const FILTERS: readonly (readonly [what: string, filters: readonly XdsResource[], said: RegExp])[] = [
  ["is not there", [], /^/],
  ["has no table", [renderFilterConfig("gateway", new Uint8Array(), { filename: FILTER })], /^/],
  ["has trapped", [renderFilterConfig("gateway", new Uint8Array(), { inlineBytes: TRAPPING })], /unreachable/],
];

async function endpointsOf(upstreams: Upstreams, cluster: string): Promise<XdsResource> {
  const port = await (cluster.endsWith("/grpc")
    ? upstreams.grpc(cluster, (stream) => {
        endGrpc(stream);
      })
    : upstreams.rest(cluster, (_, response) => {
        response.end(cluster);
      }));
  return renderEndpoints(cluster, [{ address: "127.0.0.1", port }]);
}

async function until(find: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await find())) {
    assert.ok(Date.now() < deadline, "not in time");
    await delay(10);
  }
}

for (const [what, filters, said] of FILTERS)
  describe(`where the filter ${what}`, () => {
    const upstreams = createUpstreams();
    let envoy: RunningEnvoy | undefined;
    after(async () => {
      await envoy?.stop();
      upstreams.close();
    });

    it("Envoy's own routes serve, and what clients send for the filter alone reaches nobody", async () => {
      const port = await freePort();
      const { value } = renderXds(PLANS, { address: "127.0.0.1", port });
      const clusters = PLANS.flatMap(clusterBackends).map(({ cluster }) => cluster);
      const endpoints = await Promise.all(clusters.map((cluster) => endpointsOf(upstreams, cluster)));
      const running = await startEnvoy([...value, ...filters, ...endpoints], port);
      envoy = running;
      const url = `http://127.0.0.1:${String(port)}`;
      await until(async () => {
        await (await fetch(url)).text();
        return said.test(running.log());
      });
      const post = (path: string): Promise<Response> =>
        fetch(`${url}${path}`, { method: "POST", body: "{}", headers: WISHES });
      for (const path of ["plain/api/v1.0/predictions", "plain/api/v1.0/feedback", "plain-explainer/main/x"]) {
        const response = await post(`/seldon/seldon/${path}`);
        assert.equal(response.status, 200, path);
        assert.equal(response.headers.get("x-graphway-route"), null, "the filter decided");
        await response.text();
      }
      const { status } = await callGrpc(url, "/seldon.protos.Seldon/Predict", { ...METADATA, ...WISHES });
      assert.equal(status, "0");
      await until(() => upstreams.seen.filter(({ server }) => server.includes("/copy/")).length === 2);
      assert.equal(upstreams.seen.length, 6);
      for (const { server, url: path, headers } of upstreams.seen) {
        const arrived = Object.keys(WISHES).filter((name) => headers[name] !== undefined);
        assert.deepEqual(arrived, [], `${server} ${path}`);
      }
    });
  });
