import assert from "node:assert/strict";
import { once } from "node:events";
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import {
  connect,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from "node:http2";
import { connect as connectTcp, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { after, before, test } from "node:test";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { CLUSTER_KINDS, clusterName, explainerClusterName } from "../../plan/names.ts";
import { renderEndpoints } from "./endpoints.ts";
import { freePort } from "../../../../scripts/free-port-for-tests.ts";
import { startEnvoy, withDecisions, type RunningEnvoy } from "./envoy-for-tests.ts";
import { explained, planFor } from "./plans-for-tests.ts";
import { renderXds } from "./render.ts";
import type { XdsResource } from "./resource.ts";

const PLANS: readonly DeploymentPlan[] = [
  planFor("canary", { main: 75, canary: 25 }, { copy: 100 }, { retry: { attempts: 2, perTryTimeoutMs: 20_000 } }),
  planFor("plain", { only: 1, idle: 0 }),
  planFor("gone", { only: 1 }),
  planFor("broken", { only: 1 }),
  planFor("slow", { only: 1 }, {}, { retry: { attempts: 1, perTryTimeoutMs: 50 } }),
  planFor("hosted", { main: 1 }, {}, { hosts: ["models.example.com"] }),
  planFor(
    "london",
    { only: 1 },
    {},
    { takeover: { deployment: "plain", headers: [{ name: "city", value: "london" }] } },
  ),
  planFor("orphan", { only: 1 }, {}, { takeover: { deployment: "absent", headers: [{ name: "city" }] } }),
  explained(planFor("wise", { main: 1 })),
  planFor("wise-explainer", { main: 1 }),
];

interface Seen {
  readonly server: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

const seen: Seen[] = [];
/** Servers answer 503 this many times before they are well. */
const failures = new Map<string, number>();
let envoy: RunningEnvoy | undefined;
const servers: (Server | Http2Server)[] = [];

function statusOf(server: string): number {
  const left = failures.get(server) ?? 0;
  failures.set(server, left - 1);
  return left > 0 ? 503 : 200;
}

/** Stands in for a predictor: notes what it gets. */
async function startUpstream(name: string, grpc: boolean): Promise<number> {
  const answer = (url: string, headers: IncomingHttpHeaders, end: (status: number) => void): void => {
    seen.push({ server: name, url, headers });
    end(statusOf(name));
  };
  const server = grpc ? createHttp2Server() : createHttpServer();
  if ("keepAliveTimeout" in server) {
    server.keepAliveTimeout = 0; // closes no connection on which a request may be on its way
    server.on("request", ({ url = "", headers, socket }: IncomingMessage, response: ServerResponse) => {
      if (name === "seldon/broken/only/http") socket.destroy();
      if (["seldon/broken/only/http", "seldon/slow/only/http"].includes(name)) return;
      answer(url, headers, (status) => response.writeHead(status).end(name));
    });
  } else {
    server.on("request", ({ url, headers }: Http2ServerRequest, response: Http2ServerResponse) => {
      const trailers = { "content-type": "application/grpc", "grpc-status": "0" };
      answer(url, headers, (status) => {
        response.writeHead(status, trailers);
        response.end();
      });
    });
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

function url(): string {
  assert.ok(envoy !== undefined);
  return `http://127.0.0.1:${String(envoy.port)}`;
}

async function call(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url()}${path}`, { method: "POST", body: "{}", headers });
}

async function callGrpc(path: string, metadata: Record<string, string>): Promise<Record<string, unknown>> {
  const session = connect(url());
  const request = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...metadata,
  });
  request.end(Buffer.alloc(5));
  const [headers] = (await once(request, "response")) as [Record<string, unknown>];
  request.resume();
  await once(request, "close");
  session.close();
  return headers;
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!holds() && Date.now() < deadline) await delay(5);
  assert.ok(holds(), JSON.stringify(seen));
}

const PREDICT = "/seldon/seldon/canary/api/v1.0/predictions";
const FEEDBACK = "/seldon/seldon/canary/api/v1.0/feedback";

before(async () => {
  const port = await freePort();
  const rendered = renderXds(PLANS, { address: "127.0.0.1", port });
  assert.deepEqual(rendered.problems, []);
  const endpoints: XdsResource[] = [];
  for (const plan of PLANS) {
    for (const predictor of plan.predictors) {
      for (const kind of CLUSTER_KINDS) {
        const name = clusterName(plan.namespace, plan.name, predictor.name, kind);
        if (plan.name === "gone") {
          endpoints.push(renderEndpoints(name, []));
          continue;
        }
        const address = { address: "127.0.0.1", port: await startUpstream(name, kind === "grpc") };
        endpoints.push(renderEndpoints(name, [address]));
      }
      if (predictor.explainer === undefined) continue;
      const name = explainerClusterName(plan.namespace, plan.name, predictor.name);
      endpoints.push(renderEndpoints(name, [{ address: "127.0.0.1", port: await startUpstream(name, false) }]));
    }
  }
  envoy = await startEnvoy([...rendered.value.map(withDecisions), ...endpoints], port);
});

after(async () => {
  await envoy?.stop();
  for (const server of servers) server.close();
});

test("without the filter Envoy splits by weight and names the predictor", async () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 400; i++) {
    const response = await call(PREDICT);
    assert.equal(response.status, 200);
    const server = await response.text();
    assert.equal(server, `seldon/canary/${response.headers.get("x-graphway-predictor") ?? ""}/http`);
    counts.set(server, (counts.get(server) ?? 0) + 1);
  }
  const canary = counts.get("seldon/canary/canary/http") ?? 0;
  assert.ok(canary > 50 && canary < 150, `canary got ${String(canary)} of 400`);
});

test("the prefix is cut and weight 0 gets nothing", async () => {
  for (let i = 0; i < 20; i++) {
    assert.equal(await (await call("/seldon/seldon/plain/v2/models/m/infer?x=1")).text(), "seldon/plain/only/http");
  }
  assert.equal(seen.at(-1)?.url, "/v2/models/m/infer?x=1");
});

test("the filter's header chooses the cluster and is not passed on", async () => {
  seen.length = 0;
  const wanted = { "x-test-cluster": "seldon/canary/canary/http", "x-test-predictor": "canary" };
  const response = await call(PREDICT, wanted);
  assert.equal(await response.text(), "seldon/canary/canary/http");
  assert.equal(response.headers.get("x-graphway-predictor"), "canary");
  assert.equal(response.headers.has("x-graphway-route"), false);
  assert.equal(seen[0]?.headers["x-graphway-cluster"], undefined);
  assert.equal(seen.length, 1);
});

test("a client cannot set what only the filter may set", async () => {
  const names = [
    "predictor",
    "route",
    "shadow",
    "cluster",
    "shadow-cluster-3",
    "branch",
    "decision",
    "path",
    "routing",
  ];
  const forged = Object.fromEntries(names.map((name) => [`x-graphway-${name}`, "seldon/canary/main/http"]));
  seen.length = 0;
  const response = await call("/seldon/seldon/plain/api/v1.0/predictions", { ...forged, "x-graphway-force": "x=1" });
  assert.equal(await response.text(), "seldon/plain/only/http");
  const ours = Object.keys(seen[0]?.headers ?? {}).filter((name) => name.startsWith("x-graphway-"));
  assert.deepEqual(ours, []);
});

test("a shadow by header gets a tagged copy, on cold and on warm connections", async () => {
  for (let i = 0; i < 5; i++) {
    seen.length = 0;
    const wanted = {
      "x-test-cluster": "seldon/canary/main/http",
      "x-test-shadow-cluster-1": "seldon/canary/copy/http",
    };
    await (await call(PREDICT, wanted)).text();
    await until(() => seen.length === 2);
    const copy = seen.find((one) => one.server === "seldon/canary/copy/http");
    const live = seen.find((one) => one.server === "seldon/canary/main/http");
    assert.ok(copy !== undefined && live !== undefined);
    assert.equal(copy.headers["x-graphway-shadow"], "1");
    assert.equal(copy.headers["x-graphway-shadow-cluster-1"], undefined);
    assert.equal(copy.headers["x-request-id"], live.headers["x-request-id"]);
    assert.equal(copy.headers.host, live.headers.host);
    assert.equal(live.headers["x-graphway-shadow"], undefined);
  }
});

test("predictions are retried, feedback is neither retried nor copied", async () => {
  const cluster = "seldon/canary/main/http";
  failures.set(cluster, 1);
  assert.equal((await call(PREDICT, { "x-test-cluster": cluster })).status, 200);
  for (const headers of [{ "x-test-cluster": cluster, "x-test-shadow-cluster-1": "seldon/canary/copy/http" }, {}]) {
    for (const server of ["main", "canary"]) failures.set(`seldon/canary/${server}/http`, 1);
    seen.length = 0;
    const forged = { "x-envoy-retry-on": "5xx", "x-envoy-max-retries": "5" };
    assert.equal((await call(FEEDBACK, { ...headers, ...forged })).status, 503);
    assert.equal(seen.length, 1);
    assert.equal(seen[0]?.url, "/api/v1.0/feedback");
    failures.clear();
  }
});

test("a client's request id is kept", async () => {
  seen.length = 0;
  await (await call("/seldon/seldon/plain/x", { "x-request-id": "fixed" })).text();
  assert.equal(seen[0]?.headers["x-request-id"], "fixed");
});

test("gRPC is found by metadata on the same port", async () => {
  const path = "/seldon.protos.Seldon/Predict";
  const headers = await callGrpc(path, { seldon: "plain", namespace: "seldon" });
  assert.equal(headers[":status"], 200);
  assert.equal(headers["grpc-status"], "0");
  assert.equal(headers["x-graphway-predictor"], "only");
  assert.equal(seen.at(-1)?.server, "seldon/plain/only/grpc");
  assert.equal(seen.at(-1)?.url, path);
});

test("what nobody serves is told so", async () => {
  const response = await call("/seldon/seldon/nobody/api/v1.0/predictions");
  assert.equal(response.status, 404);
  assert.equal(response.headers.get("content-type"), "application/json");
  const info = "no such SeldonDeployment here: check /seldon/<namespace>/<name>/";
  assert.deepEqual(await response.json(), { status: { code: 404, info, reason: "NOT_FOUND", status: "FAILURE" } });
  assert.equal((await call("/seldon/seldon/plain")).status, 404);
  for (const metadata of [{ seldon: "nobody", namespace: "seldon" }, { seldon: "plain", namespace: "x" }, {}]) {
    const headers = await callGrpc("/seldon.protos.Seldon/Predict", metadata);
    assert.equal(headers["grpc-status"], "5");
    assert.match(String(headers["grpc-message"]), /no such SeldonDeployment/);
  }
});

/** Sends bytes as they are and reads until the other side closes. */
async function sendRaw(bytes: string): Promise<string> {
  assert.ok(envoy !== undefined);
  const socket = connectTcp(envoy.port, "127.0.0.1");
  socket.setTimeout(60_000, () => socket.destroy(new Error("no end of the answer")));
  socket.write(bytes);
  return text(socket);
}

test("HTTP/1.0 is served, with and without a host", async () => {
  for (const host of ["", "host: models.test\r\n"]) {
    const answer = await sendRaw(`POST /seldon/seldon/plain/x HTTP/1.0\r\n${host}content-length: 2\r\n\r\n{}`);
    assert.match(answer, /^HTTP\/1\.[01] 200 OK\r\n/);
    assert.match(answer, /\r\n\r\nseldon\/plain\/only\/http$/);
  }
});

test("Envoy's own errors have the shape of Seldon's", async () => {
  for (const [name, code, info] of [
    ["broken", 503, "upstream connect error"],
    ["gone", 503, "no healthy upstream"],
    ["slow", 504, "upstream request timeout"],
  ] as const) {
    const response = await call(`/seldon/seldon/${name}/x`);
    const body = (await response.json()) as { readonly status: { readonly info: string } };
    assert.equal(response.status, code);
    assert.equal(response.headers.get("content-type"), "application/json");
    assert.ok(body.status.info.startsWith(info), body.status.info);
    assert.deepEqual(body, { status: { code, info: body.status.info, status: "FAILURE" } });
  }
});

test("Envoy's own errors of gRPC calls stay gRPC errors", async () => {
  const headers = await callGrpc("/seldon.protos.Seldon/Predict", { seldon: "gone", namespace: "seldon" });
  assert.equal(headers[":status"], 200);
  assert.equal(headers["content-type"], "application/grpc");
  assert.equal(headers["grpc-status"], "14");
  assert.equal(headers["grpc-message"], "no healthy upstream");
});

test("a deployment with a host answers to that host alone, on any port", async () => {
  const session = connect(url());
  const status = async (authority: string): Promise<unknown> => {
    const request = session.request({ ":path": "/seldon/seldon/hosted/x", ":authority": authority });
    const [headers] = (await once(request, "response")) as [Record<string, unknown>];
    request.resume();
    await once(request, "close");
    return headers[":status"];
  };
  assert.equal(await status("models.example.com:8003"), 200);
  assert.equal(await status("models.example.com"), 200);
  assert.equal(await status("other.example.com"), 404);
  session.close();
});

test("an explainer is reached below the name of a deployment that exists too", async () => {
  seen.length = 0;
  const explanation = await call("/seldon/seldon/wise-explainer/main/api/v1.0/explain");
  assert.equal(await explanation.text(), "seldon/wise/main/explainer");
  assert.equal(seen[0]?.url, "/api/v1.0/explain");
  const decided = { "x-test-cluster": "seldon/wise-explainer/main/http" };
  const other = await call("/seldon/seldon/wise-explainer/main/api/v1.0/explain", decided);
  assert.equal(await other.text(), "seldon/wise/main/explainer");
  assert.equal(seen[1]?.headers["x-graphway-cluster"], undefined);
  const prediction = await call("/seldon/seldon/wise-explainer/api/v1.0/predictions");
  assert.equal(await prediction.text(), "seldon/wise-explainer/main/http");
});

test("a deployment answers those requests of another one that have a header, whatever the filter chose", async () => {
  seen.length = 0;
  const path = "/seldon/seldon/plain/api/v1.0/predictions";
  const decided = { "x-test-cluster": "seldon/plain/only/http" };
  assert.equal(await (await call(path, { city: "london", ...decided })).text(), "seldon/london/only/http");
  assert.equal(seen[0]?.url, "/api/v1.0/predictions");
  assert.equal(seen[0].headers["x-graphway-cluster"], undefined);
  assert.equal(await (await call(path, { city: "paris" })).text(), "seldon/plain/only/http");
  assert.equal(await (await call(path)).text(), "seldon/plain/only/http");
  seen.length = 0;
  await callGrpc("/seldon.protos.Seldon/Predict", { seldon: "plain", namespace: "seldon", city: "london" });
  await callGrpc("/seldon.protos.Seldon/Predict", { seldon: "plain", namespace: "seldon" });
  assert.deepEqual(
    seen.map(({ server }) => server),
    ["seldon/london/only/grpc", "seldon/plain/only/grpc"],
  );
});

test("the other deployment need not be there", async () => {
  const path = "/seldon/seldon/absent/api/v1.0/predictions";
  assert.equal(await (await call(path, { city: "any" })).text(), "seldon/orphan/only/http");
  assert.equal((await call(path)).status, 404);
});
