import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { request as httpRequest } from "node:http";
import { connect as connectHttp2, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import { callGrpc, createUpstreams, endGrpc } from "./calls-for-tests.ts";
import { clusterBackends } from "./cluster-backends.ts";
import { renderEndpoints } from "./endpoints.ts";
import { freePort } from "../../../../scripts/free-port-for-tests.ts";
import { startEnvoy, withDecisions, type RunningEnvoy } from "./envoy-for-tests.ts";
import { bare, planFor } from "./plans-for-tests.ts";
import { renderXds } from "./render.ts";
import type { XdsResource } from "./resource.ts";

/** Longer than a busy machine takes for an answer. */
const DEADLINE_MS = 2_000;
const EJECTION = { consecutiveErrors: 3, ejectMs: 600_000, maxPercent: 50 };

const PLANS: readonly DeploymentPlan[] = [
  planFor("sticky", { main: 1 }, {}, { sticky: { keys: [{ kind: "cookie", name: "who", issue: COOKIE() }] } }),
  planFor("plain", { main: 1 }),
  planFor("retried", { main: 1 }, {}, { retry: { attempts: 2, statuses: [418], grpcOn: ["internal"] } }),
  planFor("max", { main: 1 }, {}, { deadline: { defaultMs: DEADLINE_MS / 2, maxMs: DEADLINE_MS } }),
  planFor("default", { main: 1 }, {}, { deadline: { defaultMs: DEADLINE_MS } }),
  planFor("counted", { main: 1 }, {}, { limits: { requestsPerSecond: 0.01, burst: 4 } }),
  planFor("narrow", { main: 1 }, {}, { limits: { concurrency: 1 } }),
  planFor("failing", { main: 1, canary: 0 }, {}, { fallback: ["canary"], ejection: EJECTION, retry: { attempts: 0 } }),
  planFor("empty", { main: 1, canary: 0 }, {}, { fallback: ["canary"] }),
  bare(planFor("socket", { main: 1 })),
  bare(planFor("brief", { main: 1 }, {}, { deadline: { maxMs: DEADLINE_MS } })),
];

function COOKIE() {
  return { secure: false, sameSite: "Lax" } as const;
}

/** Longer than the deadlines of the plans. */
const SLOW_MS = DEADLINE_MS + 1_000;
/** So long that who is told of a timeout was told by one of the plans: Envoy's own is 15 s. */
const STUCK_MS = 12_000;

const upstreams = createUpstreams();
let envoy: RunningEnvoy | undefined;
/** REST statuses and gRPC statuses that are answered next, instead of 200 and 0. */
const nextStatuses: number[] = [];
/** Answers that a test gives by hand. */
const held: (() => void)[] = [];

function waitOf(path: string): number {
  if (/stuck/i.test(path)) return STUCK_MS;
  return /slow/i.test(path) ? SLOW_MS : 0;
}

function answerRest(request: IncomingMessage, response: ServerResponse, name: string): void {
  const end = (): void => {
    response.writeHead(nextStatuses.shift() ?? 200, { "set-cookie": "model=own" }).end(name);
  };
  const waitMs = waitOf(request.url ?? "");
  if (request.url?.includes("held") === true) held.push(end);
  else if (waitMs === 0) end();
  else setTimeout(end, waitMs).unref();
}

function answerGrpc(stream: ServerHttp2Stream): void {
  const waitMs = waitOf(upstreams.seen.at(-1)?.url ?? "");
  if (waitMs === 0) {
    endGrpc(stream, nextStatuses.shift() ?? 0);
    return;
  }
  setTimeout(() => {
    if (!stream.destroyed) endGrpc(stream);
  }, waitMs).unref();
}

/** No process is given it unless it asks for it by its number. */
const NOBODYS_PORT = 1;

/** Where the endpoints of a cluster are: nowhere, nobody listens there, or a server. */
async function endpointsOf(cluster: string): Promise<XdsResource> {
  if (cluster.startsWith("seldon/empty/main/")) return renderEndpoints(cluster, []);
  const at = (port: number): XdsResource => renderEndpoints(cluster, [{ address: "127.0.0.1", port }]);
  if (cluster.startsWith("seldon/failing/main/")) return at(NOBODYS_PORT);
  if (cluster.endsWith("/grpc")) return at(await upstreams.grpc(cluster, answerGrpc));
  return at(
    await upstreams.rest(cluster, (request, response) => {
      answerRest(request, response, cluster);
    }),
  );
}

before(async () => {
  const port = await freePort();
  const { value, problems } = renderXds(PLANS, { address: "127.0.0.1", port, accessLog: "json" });
  assert.deepEqual(problems, []);
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

/** Headers by which our filter would have chosen. */
function decided(deployment: string, predictor = "main", kind = "http"): Record<string, string> {
  return { "x-test-cluster": `seldon/${deployment}/${predictor}/${kind}`, "x-test-predictor": predictor };
}

async function call(deployment: string, path = "x", headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url()}/seldon/seldon/${deployment}/${path}`, { method: "POST", body: "{}", headers });
}

const PREDICT = "/seldon.protos.Seldon/Predict";

function named(deployment: string): Record<string, string> {
  return { seldon: deployment, namespace: "seldon" };
}

test("the filter's cookie reaches the client beside the model's own, and not the model", async () => {
  const cookie = "who=1234; Path=/; Secure";
  const response = await call("sticky", "x", { ...decided("sticky"), "x-test-set-cookie": cookie });
  assert.deepEqual(response.headers.getSetCookie(), ["model=own", cookie]);
  assert.equal(upstreams.seen.at(-1)?.headers["x-graphway-set-cookie"], undefined);
  const again = await call("sticky", "x", decided("sticky"));
  assert.deepEqual(again.headers.getSetCookie(), ["model=own"]);
  const undecided = await call("sticky");
  assert.deepEqual(undecided.headers.getSetCookie(), ["model=own"]);
});

test("a client cannot have a cookie set", async () => {
  const response = await call("sticky", "x", { ...decided("sticky"), "x-graphway-set-cookie": "who=me" });
  assert.deepEqual(response.headers.getSetCookie(), ["model=own"]);
});

test("statuses and gRPC statuses are retried as the policy says", async () => {
  nextStatuses.push(418);
  assert.equal((await call("retried")).status, 200);
  nextStatuses.push(418);
  assert.equal((await call("plain")).status, 418);
  nextStatuses.push(13);
  assert.equal((await callGrpc(url(), PREDICT, named("retried"))).status, "0");
  nextStatuses.push(418);
  assert.equal((await call("retried", "api/v1.0/feedback")).status, 418);
  nextStatuses.push(13);
  assert.equal((await callGrpc(url(), "/seldon.protos.Seldon/SendFeedback", named("retried"))).status, "13");
});

test("no REST request outlives the maximum, nor the default while the filter is away", async () => {
  const expectTimeout = async (deployment: string, headers: Record<string, string>): Promise<void> => {
    const response = await call(deployment, "stuck", headers);
    assert.equal(response.status, 504, deployment);
    const body = (await response.json()) as { readonly status: object };
    assert.deepEqual(Object.keys(body.status).sort(), ["code", "info", "status"]);
  };
  const expectAnswer = async (deployment: string, path: string, headers: Record<string, string>): Promise<void> => {
    assert.equal((await call(deployment, path, headers)).status, 200, deployment);
  };
  await Promise.all([
    expectTimeout("max", decided("max")),
    expectTimeout("max", {}),
    expectTimeout("default", {}),
    expectAnswer("default", "slow", decided("default")),
    expectAnswer("plain", "slow", {}),
    expectAnswer("max", "x", {}),
  ]);
});

test("a gRPC call has what its grpc-timeout says, within the maximum", async () => {
  const cases = [
    ["max", "100S", "4"],
    ["max", undefined, "4"],
    ["default", "200m", "4"],
    ["default", "100S", "0"],
    ["default", undefined, "4"],
    ["plain", undefined, "0"],
  ] as const;
  await Promise.all(
    cases.map(async ([deployment, timeout, status]) => {
      const metadata = { ...named(deployment), ...(timeout === undefined ? {} : { "grpc-timeout": timeout }) };
      const path = `/seldon.protos.Seldon/Predict${status === "4" ? "Stuck" : "Slow"}`;
      const answer = await callGrpc(url(), path, metadata);
      assert.equal(answer.status, status, `${deployment} ${String(timeout)}`);
    }),
  );
});

test("all ways to a deployment share its bucket of requests", async () => {
  const statuses = [
    (await call("counted")).status,
    (await call("counted", "x", decided("counted"))).status,
    (await call("counted", "api/v1.0/feedback")).status,
  ];
  assert.deepEqual(statuses, [200, 200, 200]);
  assert.equal((await callGrpc(url(), PREDICT, named("counted"))).status, "0");
  const refused = await call("counted");
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("content-type"), "application/json");
  const info = "too many requests per second for this SeldonDeployment";
  assert.deepEqual(await refused.json(), { status: { code: 429, info, status: "FAILURE" } });
  assert.equal((await callGrpc(url(), PREDICT, named("counted"))).status, "8");
  assert.equal((await call("plain")).status, 200);
});

test("no more requests are in flight than the policy allows", async () => {
  const first = call("narrow", "held");
  while (upstreams.seen.at(-1)?.url !== "/held") await delay(5);
  for (let others = 0; others < 2; others++) assert.equal((await call("narrow", "x")).status, 503);
  for (const release of held.splice(0)) release();
  assert.equal((await first).status, 200);
});

test("a predictor whose pods are ejected is stood in for, and the answer names who answered", async () => {
  for (let left = 3; left > 0; left--) {
    const response = await call("failing", "x", decided("failing"));
    assert.equal(response.status, 503);
    await response.text();
  }
  for (let i = 0; i < 50; i++) {
    const response = await call("failing", "x", i % 2 === 0 ? decided("failing") : {});
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "seldon/failing/canary/http");
    assert.equal(response.headers.get("x-graphway-predictor"), "canary");
  }
});

test("a predictor without pods is stood in for at once", async () => {
  for (const headers of [decided("empty"), {}]) {
    const response = await call("empty", "x", headers);
    assert.equal(response.headers.get("x-graphway-predictor"), "canary");
    assert.equal(await response.text(), "seldon/empty/canary/http");
  }
  const answer = await callGrpc(url(), PREDICT, { ...named("empty"), ...decided("empty", "main", "grpc") });
  assert.equal(answer.status, "0");
  assert.equal(answer.headers["x-graphway-predictor"], "canary");
  const own = await call("empty", "x", decided("empty", "canary"));
  assert.equal(await own.text(), "seldon/empty/canary/http");
});

/** Opens a WebSocket without its frames, which nobody here looks at. */
async function openSocket(deployment: string): Promise<Socket> {
  const request = httpRequest(`${url()}/seldon/seldon/${deployment}/chat`, {
    headers: { connection: "upgrade", upgrade: "websocket" },
  });
  request.end();
  const [response, socket] = (await once(request, "upgrade")) as [IncomingMessage, Socket];
  assert.equal(response.statusCode, 101);
  socket.on("error", () => undefined);
  return socket;
}

async function echoed(socket: Socket, words: string): Promise<string> {
  socket.write(words);
  const [data] = (await once(socket, "data")) as [Buffer];
  return data.toString();
}

test("a model without orchestrator is reached by WebSocket, for as long as it takes", async () => {
  const socket = await openSocket("socket");
  assert.equal(await echoed(socket, "one"), "one");
  await delay(SLOW_MS);
  assert.equal(await echoed(socket, "two"), "two");
  assert.equal(upstreams.seen.at(-1)?.url, "/chat");
  socket.destroy();
  const brief = await openSocket("brief");
  assert.equal(await echoed(brief, "one"), "one");
  await once(brief, "close");
  const refused = await fetch(`${url()}/seldon/seldon/plain/chat`, { method: "GET" });
  assert.equal(refused.status, 200);
});

test("WebSocket over HTTP/2 reaches it too", async () => {
  const session = connectHttp2(url());
  await once(session, "remoteSettings");
  const stream = session.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":path": "/seldon/seldon/socket/chat",
    ":scheme": "http",
    ":authority": "models.test",
  });
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  assert.equal(headers[":status"], 200);
  stream.write("hello");
  const [data] = (await once(stream, "data")) as [Buffer];
  assert.equal(data.toString(), "hello");
  stream.close();
  session.close();
});

test("health and reflection of a deployment are reached by its metadata", async () => {
  for (const path of [
    "/grpc.health.v1.Health/Check",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
  ]) {
    assert.equal((await callGrpc(url(), path, named("plain"))).status, "0");
    assert.deepEqual([upstreams.seen.at(-1)?.server, upstreams.seen.at(-1)?.url], ["seldon/plain/main/grpc", path]);
  }
});

test("every request leaves one line of JSON, without its query", async () => {
  await call("plain", "logged?secret=1", { ...decided("plain"), "x-request-id": "logged-request" });
  const deadline = Date.now() + 30_000;
  while (envoy?.output().includes("logged-request") !== true && Date.now() < deadline) await delay(20);
  const line =
    envoy
      ?.output()
      .split("\n")
      .find((one) => one.includes("logged-request")) ?? "{}";
  const entry = JSON.parse(line) as Record<string, unknown>;
  assert.equal(entry["path"], "/seldon/seldon/plain/logged");
  assert.equal(entry["predictor"], "main");
  assert.equal(entry["status"], 200);
  assert.equal(entry["cluster"], "seldon/plain/main/http");
  assert.equal(typeof entry["duration_ms"], "number");
  assert.ok(!line.includes("secret"));
});
