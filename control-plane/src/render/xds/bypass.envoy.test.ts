import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { withoutBypass } from "../../plan/bypass-calls.ts";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { callGrpc, createUpstreams, endGrpc, type Seen } from "./calls-for-tests.ts";
import { clusterBackends } from "./cluster-backends.ts";
import { renderEndpoints } from "./endpoints.ts";
import { freePort } from "../../../../scripts/free-port-for-tests.ts";
import { startEnvoy, withDecisions, type RunningEnvoy } from "./envoy-for-tests.ts";
import { planFor, withBypass } from "./plans-for-tests.ts";
import { renderXds } from "./render.ts";
import type { XdsResource } from "./resource.ts";

const PLANS: readonly DeploymentPlan[] = [
  withBypass(planFor("direct", { main: 1, canary: 0 }, {}, { retry: { attempts: 1 } })),
  withBypass(planFor("tensors", { main: 1 }, {}, { protocol: "v2" })),
  withBypass(planFor("standing", { main: 1, canary: 0 }, {}, { fallback: ["canary"] })),
];

const upstreams = createUpstreams();
let envoy: RunningEnvoy | undefined;

async function endpointsOf(cluster: string): Promise<XdsResource> {
  if (cluster.startsWith("seldon/standing/main/")) return renderEndpoints(cluster, []);
  const port = await (cluster.endsWith("/grpc")
    ? upstreams.grpc(cluster, (stream) => {
        endGrpc(stream);
      })
    : upstreams.rest(cluster, (request, response) => {
        response.statusCode = request.headers["x-test-fail"] === undefined ? 200 : 503;
        response.end(cluster);
      }));
  return renderEndpoints(cluster, [{ address: "127.0.0.1", port }]);
}

before(async () => {
  const port = await freePort();
  const { value } = renderXds(PLANS, { address: "127.0.0.1", port });
  const endpoints = await Promise.all(PLANS.flatMap(clusterBackends).map(({ cluster }) => endpointsOf(cluster)));
  envoy = await startEnvoy([...value.map(withDecisions), ...endpoints], port);
});

after(async () => {
  await envoy?.stop();
  upstreams.close();
});

function url(): string {
  assert.ok(envoy !== undefined);
  return `http://127.0.0.1:${String(envoy.port)}`;
}

interface Answered {
  readonly headers: Headers;
  readonly cluster: string;
  readonly seen: Seen;
}

async function call(path: string, headers: Record<string, string> = {}, method = "POST"): Promise<Answered> {
  const body = method === "POST" ? "{}" : null;
  const response = await fetch(`${url()}/seldon/seldon/${path}`, { method, headers, body });
  const cluster = await response.text();
  return { headers: response.headers, cluster, seen: upstreams.seen.at(-1) ?? assert.fail("nobody was asked") };
}

function decided(deployment: string, predictor: string, kind = "http"): Record<string, string> {
  return { "x-test-cluster": `seldon/${deployment}/${predictor}/${kind}`, "x-test-predictor": predictor };
}

for (const [path, modelPath] of [
  ["direct/api/v1.0/predictions", "/predict"],
  ["direct/api/v0.1/predictions?json=1", "/predict?json=1"],
  ["direct/api/v1.0/feedback", "/send-feedback"],
  ["direct/api/v0.1/feedback", "/send-feedback"],
  ["tensors/v2/models/classifier/infer", "/v2/models/classifier/infer"],
  ["tensors/v2/models/infer", "/v2/models/classifier/infer"],
] as const) {
  const [deployment = ""] = path.split("/");
  test(`${path} goes to the model's ${modelPath}, with the filter and without it`, async () => {
    for (const headers of [{}, decided(deployment, "main")]) {
      const { cluster, seen } = await call(path, headers);
      assert.deepEqual([cluster, seen.url], [`seldon/${deployment}/main/model/http`, modelPath]);
    }
  });
}

test("the filter's choice counts, and the answer names it", async () => {
  const { cluster, headers } = await call("direct/api/v1.0/predictions", decided("direct", "canary"));
  assert.equal(cluster, "seldon/direct/canary/model/http");
  assert.equal(headers.get("x-graphway-predictor"), "canary");
  const byWeight = await call("direct/api/v1.0/predictions");
  assert.equal(byWeight.headers.get("x-graphway-predictor"), "main");
});

test("everything else goes through the orchestrator", async () => {
  for (const headers of [{}, decided("direct", "main")]) {
    for (const path of ["direct/api/v1.0/metadata", "direct/api/v1.0/predictions/", "direct/predict"]) {
      assert.equal((await call(path, headers)).cluster, "seldon/direct/main/http", path);
    }
    const events = await call("direct/api/v1.0/predictions", { ...headers, "ce-specversion": "1.0" });
    assert.equal(events.cluster, "seldon/direct/main/http", "CloudEvents");
    const preflight = await call("direct/api/v1.0/predictions", headers, "OPTIONS");
    assert.equal(preflight.cluster, "seldon/direct/main/http", "OPTIONS");
  }
  for (const headers of [{}, decided("tensors", "main")]) {
    for (const path of ["tensors/v2/models/other/infer", "tensors/api/v1.0/feedback"]) {
      assert.equal((await call(path, headers)).cluster, "seldon/tensors/main/http", path);
    }
  }
});

test("answers have the headers of the orchestrator, and the model is told the id", async () => {
  for (const headers of [{}, decided("direct", "main")]) {
    const own = await call("direct/api/v1.0/predictions", { ...headers, "seldon-puid": "p1", "x-request-id": "r1" });
    assert.equal(own.headers.get("seldon-puid"), "p1");
    assert.equal(own.seen.headers["seldon-puid"], "p1");
    const made = await call("direct/api/v1.0/predictions", { ...headers, "x-request-id": "r2" });
    assert.equal(made.headers.get("seldon-puid"), "r2");
    assert.equal(made.seen.headers["seldon-puid"], "r2");
    assert.ok((await call("direct/api/v1.0/predictions", headers)).headers.get("seldon-puid"));
    const told = [
      ...["origin", "headers", "methods"].map((one) => `access-control-allow-${one}`),
      "x-content-type-options",
    ];
    assert.deepEqual(
      told.map((name) => made.headers.get(name)),
      ["https://example.org", "X-100%", "OPTIONS,POST", "nosniff"],
    );
  }
});

test("gRPC calls are the model's methods, by the metadata that names the deployment", async () => {
  const metadata = { seldon: "direct", namespace: "seldon", "x-request-id": "r3" };
  for (const chosen of [{}, decided("direct", "main", "grpc")]) {
    for (const method of ["Predict", "SendFeedback"]) {
      const { headers, status } = await callGrpc(url(), `/seldon.protos.Seldon/${method}`, { ...metadata, ...chosen });
      const { server, url: path } = upstreams.seen.at(-1) ?? assert.fail("nobody was asked");
      assert.deepEqual(
        [server, path, status],
        ["seldon/direct/main/model/grpc", `/seldon.protos.Model/${method}`, "0"],
      );
      assert.equal(headers["seldon-puid"], "r3");
      assert.equal(headers["access-control-allow-origin"], undefined);
    }
    await callGrpc(url(), "/seldon.protos.Seldon/GraphMetadata", { ...metadata, ...chosen });
    assert.equal(upstreams.seen.at(-1)?.server, "seldon/direct/main/grpc");
    await callGrpc(url(), "/inference.GRPCInferenceService/ModelInfer", { seldon: "tensors", namespace: "seldon" });
    assert.equal(upstreams.seen.at(-1)?.server, "seldon/tensors/main/model/grpc");
  }
});

test("the model is told nothing of ours, and the client what the filter decided", async () => {
  const client = { "x-graphway-timeout-ms": "soon" };
  for (const chosen of [{}, decided("direct", "main")]) {
    const { seen, headers } = await call("direct/api/v1.0/predictions", { ...client, ...chosen });
    const ours = Object.keys(seen.headers).filter((name) => /^x-(graphway|envoy-upstream-rq-timeout)/.test(name));
    assert.deepEqual(ours, []);
    assert.equal(headers.get("x-graphway-predictor"), "main");
  }
});

test("predictions are retried, feedback never is", async () => {
  const tries = async (path: string, headers: Record<string, string>): Promise<number> => {
    const before = upstreams.seen.length;
    await call(path, { ...headers, "x-test-fail": "1" });
    return upstreams.seen.length - before;
  };
  for (const headers of [{}, decided("direct", "main")]) {
    assert.equal(await tries("direct/api/v1.0/predictions", headers), 2);
    assert.equal(await tries("direct/api/v1.0/feedback", headers), 1);
  }
});

test("the model of another predictor stands in for one without pods", async () => {
  for (const headers of [{}, decided("standing", "main")]) {
    const { cluster, headers: answered } = await call("standing/api/v1.0/predictions", headers);
    assert.equal(cluster, "seldon/standing/canary/model/http");
    assert.equal(answered.get("x-graphway-predictor"), "canary");
  }
});

test("with one predictor that needs its orchestrator all go through theirs", () => {
  const [main, canary] = withBypass(planFor("mixed", { main: 1, canary: 1 })).predictors;
  assert.ok(main !== undefined && canary !== undefined);
  const mixed = { ...planFor("mixed", { main: 1, canary: 1 }), predictors: [main, withoutBypass(canary)] };
  const plain = planFor("mixed", { main: 1, canary: 1 });
  assert.deepEqual(
    renderXds([mixed]).value.map(({ body }) => body),
    renderXds([plain]).value.map(({ body }) => body),
  );
  assert.deepEqual(clusterBackends(mixed), clusterBackends(plain));
});
