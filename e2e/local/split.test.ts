import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { status } from "@grpc/grpc-js";
import { callGrpc, createRestClient, type Reply, type RestClient } from "./client.ts";
import { ROOT, killLeftovers, startGraphway, type GraphwayProcess } from "./graphway-process.ts";
import { startStubNode, type StubNode } from "./stub-node.ts";
import { until } from "./until.ts";

/** Nodes by the name under which the manifest knows them. */
const NODES = {
  "split/main/main-model": "main",
  "split/canary/canary-model": "canary",
  "split/next/next-model": "next",
  "plain/main/plain-model": "plain",
  "plain/canary/plain-canary-model": "plain-canary",
} as const;

describe("a split through Envoy, filter and orchestrator", () => {
  let graphway: GraphwayProcess;
  let rest: RestClient;
  const nodes = new Map<string, StubNode>();
  const node = (name: string): StubNode => nodes.get(name) ?? assert.fail(`no node ${name}`);

  before(async () => {
    const words = ["-f", join(ROOT, "e2e", "local", "manifests", "split.yaml")];
    for (const [path, name] of Object.entries(NODES)) {
      const stub = await startStubNode(name);
      nodes.set(name, stub);
      words.push("--endpoint", `${path}=${stub.address}`);
    }
    graphway = await startGraphway(words);
    rest = createRestClient(graphway.url);
  });
  after(async () => {
    await rest.close();
    const code = await graphway.stop();
    killLeftovers();
    assert.equal(code, 0, graphway.output());
    for (const stub of nodes.values()) await stub.close();
  });
  beforeEach(() => {
    copies = 0;
    for (const stub of nodes.values()) {
      stub.calls.length = 0;
      stub.answerRest = () => 200;
      stub.answerGrpc = () => status.OK;
    }
  });

  afterEach(async () => {
    await until(
      () => node("next").calls.length >= copies,
      () => `the shadow saw ${String(node("next").calls.length)} of ${String(copies)}`,
    );
  });

  /** Predictions of a test of which the shadow gets a copy, some time later. */
  let copies = 0;
  const predict = (headers: Readonly<Record<string, string>>, deployment = "split"): Promise<Reply> => {
    if (deployment === "split" && headers["x-graphway-force"] === undefined) copies += 1;
    return rest.call({ deployment, headers });
  };
  const predictByGrpc = (metadata: Readonly<Record<string, string>> = {}): Promise<Reply> => {
    copies += 1;
    return callGrpc(graphway.url, { method: "Predict", deployment: "split", metadata });
  };

  it("gives 10,000 fixed request ids their shares, the same ones every time, and the shadow a copy of each", async () => {
    const predictors = new Map<string, string>();
    const ids = Array.from({ length: 10_000 }, (_, index) => `request-${String(index)}`);
    await inParallel(ids, async (id) => {
      const reply = await predict({ "x-request-id": id });
      assert.equal(reply.status, 200, reply.body);
      assert.match(reply.body, new RegExp(`"${reply.headers["x-graphway-predictor"] ?? "?"}"`));
      assert.ok(reply.headers["x-graphway-route"], "the answer carries a route token");
      predictors.set(id, reply.headers["x-graphway-predictor"] ?? "");
    });
    const onMain = [...predictors.values()].filter((name) => name === "main").length;
    assert.ok(Math.abs(onMain - 7500) < 4 * STANDARD_DEVIATION, `75 % of 10,000, but main got ${String(onMain)}`);
    assert.equal(onMain, MAIN_OF_10_000);
    assert.equal([...predictors.values()].filter((name) => name === "canary").length, 10_000 - onMain);
    await until(
      () => node("next").calls.length === 10_000,
      () => `the shadow saw ${String(node("next").calls.length)}`,
    );

    await inParallel(ids.slice(0, 500), async (id) => {
      const reply = await predict({ "x-request-id": id });
      assert.equal(reply.headers["x-graphway-predictor"], predictors.get(id), id);
    });
  });

  it("keeps a sticky key on its predictor, whatever the request id, over REST and gRPC", async () => {
    const seen = new Set<string>();
    for (let user = 0; user < 20; user += 1) {
      const replies = await Promise.all([
        ...Array.from({ length: 5 }, (_, index) => predict({ "x-user": String(user), "x-request-id": String(index) })),
        predictByGrpc({ "x-user": String(user) }),
      ]);
      const predictors = new Set(replies.map((reply) => reply.headers["x-graphway-predictor"]));
      assert.equal(predictors.size, 1, `user ${String(user)} was sent to ${[...predictors].join(", ")}`);
      for (const predictor of predictors) seen.add(predictor ?? "");
    }
    assert.deepEqual([...seen].sort(), ["canary", "main"]);
  });

  it("answers gRPC on the same port, by the metadata that Seldon uses", async () => {
    const reply = await predictByGrpc();
    assert.equal(reply.status, status.OK, reply.body);
    assert.equal(reply.body, reply.headers["x-graphway-predictor"]);
    assert.ok(reply.headers["x-graphway-route"]);
    assert.ok(reply.headers["seldon-puid"]);
  });

  it("asks again when a node answers 503 once", async () => {
    for (const name of ["main", "canary"]) node(name).answerRest = failOnce(503, 200);
    const reply = await predict({ "x-request-id": "again" });
    assert.equal(reply.status, 200, reply.body);
    assert.equal(node("main").calls.length + node("canary").calls.length, 2);
  });

  it("asks again when a node answers UNAVAILABLE once", async () => {
    for (const name of ["main", "canary"]) node(name).answerGrpc = failOnce(status.UNAVAILABLE, status.OK);
    const reply = await predictByGrpc();
    assert.equal(reply.status, status.OK, reply.body);
    assert.equal(node("main").calls.length + node("canary").calls.length, 2);
  });

  it("never repeats feedback, and never copies it", async () => {
    for (const name of ["main", "canary"]) {
      node(name).answerRest = () => 503;
      node(name).answerGrpc = () => status.UNAVAILABLE;
    }
    const body = '{"request":{"strData":"x"},"reward":1}';
    const overRest = await rest.call({ deployment: "split", path: "/api/v1.0/feedback", body });
    assert.equal(overRest.status, 503);
    const overGrpc = await callGrpc(graphway.url, { method: "SendFeedback", deployment: "split" });
    assert.equal(overGrpc.status, status.UNAVAILABLE);
    assert.deepEqual([...node("main").calls, ...node("canary").calls].map((call) => call.path).sort(), [
      "/seldon.protos.Model/SendFeedback",
      "/send-feedback",
    ]);
    assert.equal(node("next").calls.length, 0);
  });

  it("asks once where no retries are configured", async () => {
    node("plain").answerRest = () => 503;
    assert.equal((await predict({}, "plain")).status, 503);
    assert.equal(node("plain").calls.length, 1);
  });

  it("takes no decision from headers that a client may not set, and passes none of them on", async () => {
    const forged = {
      "x-graphway-predictor": "canary",
      "x-graphway-cluster": "default/plain/canary/http",
      "x-graphway-shadow": "1",
      "x-graphway-shadow-cluster-1": "default/split/next/http",
      "x-graphway-route": "mine",
      "x-graphway-branch": "main-model=0",
      "x-graphway-decision": "mine",
      "x-graphway-path": "mine",
      "x-graphway-routing": "mine",
      "x-envoy-max-retries": "5",
      "x-envoy-retry-on": "5xx",
    };
    node("plain").answerRest = () => 503;
    const reply = await predict(forged, "plain");
    assert.equal(reply.headers["x-graphway-predictor"], "main");
    assert.notEqual(reply.headers["x-graphway-route"], "mine");
    assert.equal(reply.headers["x-graphway-decision"], undefined);
    assert.equal(node("plain").calls.length, 1, "a client cannot ask for retries");
    assert.equal(node("plain-canary").calls.length + node("next").calls.length, 0);
    const received = Object.keys(node("plain").calls[0]?.headers ?? {});
    assert.deepEqual(
      received.filter((name) => name.startsWith("x-graphway-")),
      [],
    );
  });

  it("obeys a forced predictor where the policy permits it, and only there", async () => {
    for (const id of ["a", "b", "c", "d", "e", "f"]) {
      const reply = await predict({ "x-request-id": id, "x-graphway-force": "predictor=canary;shadow=off" });
      assert.equal(reply.headers["x-graphway-predictor"], "canary");
    }
    assert.equal(node("next").calls.length, 0, "shadow=off");
    const elsewhere = await predict({ "x-graphway-force": "predictor=canary" }, "plain");
    assert.equal(elsewhere.headers["x-graphway-predictor"], "main");
  });

  it("explains itself where the policy permits it, and only there", async () => {
    const reply = await predict({ "x-graphway-explain": "1" });
    assert.match(reply.headers["x-graphway-decision"] ?? "", /main|canary/);
    assert.match(reply.headers["x-graphway-path"] ?? "", /-model/);
    const elsewhere = await predict({ "x-graphway-explain": "1" }, "plain");
    assert.equal(elsewhere.headers["x-graphway-decision"], undefined);
    assert.equal(elsewhere.headers["x-graphway-path"], undefined);
  });

  it("says so when there is no such deployment", async () => {
    const reply = await predict({}, "nowhere");
    assert.equal(reply.status, 404);
    assert.match(reply.body, /no such SeldonDeployment/);
    assert.notEqual((await callGrpc(graphway.url, { method: "Predict", deployment: "nowhere" })).status, status.OK);
  });
});

/** How many of the ids `request-0` … `request-9999` belong to main: the hash decides, and it decides the same on every run. */
const MAIN_OF_10_000 = 7387;
/** Of the number of ids that a fair hash gives to main. */
const STANDARD_DEVIATION = Math.sqrt(10_000 * 0.75 * 0.25);

function failOnce<Code>(failure: Code, success: Code): () => Code {
  let failed = false;
  return () => {
    if (failed) return success;
    failed = true;
    return failure;
  };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>, concurrency = 16): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const item of left) await work(item);
    }),
  );
}
