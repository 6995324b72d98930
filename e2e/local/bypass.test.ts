import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { seldon } from "#proto/gen/seldon.js";
import { BODY, FLOWER, manifest } from "./bypass-manifest.ts";
import { createRestClient, startLoad, type Reply, type RestClient } from "./client.ts";
import { killLeftovers, startGraphway, type GraphwayProcess } from "./graphway-process.ts";
import { until } from "./until.ts";

const { SeldonMessage, Feedback } = seldon.protos;

/** The orchestrator alone says it. */
function isThrough({ headers }: Reply): boolean {
  return headers["x-graphway-routing"] !== undefined;
}

describe("requests straight to a model", () => {
  let graphway: GraphwayProcess;
  let rest: RestClient;
  let folder = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "graphway-bypass-"));
    await writeFile(join(folder, "models.yaml"), manifest(false));
    graphway = await startGraphway(["-f", folder]);
    rest = createRestClient(graphway.url);
  });
  after(async () => {
    await rest.close();
    const code = await graphway.stop();
    killLeftovers();
    await rm(folder, { recursive: true, force: true });
    assert.equal(code, 0, graphway.output());
  });

  const predict = (deployment: string, path = "/api/v1.0/predictions"): Promise<Reply> =>
    rest.call({ deployment, path, body: BODY, headers: { "x-request-id": "one" } });

  it("give the same answers over REST, with the headers of the orchestrator", async () => {
    for (const path of ["/api/v1.0/predictions", "/api/v0.1/predictions"]) {
      const [through, past] = await Promise.all([predict("through", path), predict("past", path)]);
      assert.equal(past.status, 200, past.body);
      assert.deepEqual([isThrough(through), isThrough(past)], [true, false]);
      assert.deepEqual(JSON.parse(past.body), JSON.parse(through.body));
      assert.equal(past.headers["seldon-puid"], "one");
      const told = Object.keys(through.headers).filter((name) => /^(access-control|x-content-type)/.test(name));
      assert.equal(told.length, 4);
      for (const name of [...told, "content-type", "x-graphway-predictor"]) {
        assert.equal(past.headers[name], through.headers[name], name);
      }
    }
  });

  it("give the same answers to feedback, and leave other questions to the orchestrator", async () => {
    const body = `{"request":${BODY},"reward":1}`;
    const feedback = (deployment: string): Promise<Reply> =>
      rest.call({ deployment, path: "/api/v1.0/feedback", body });
    const [through, past] = await Promise.all([feedback("through"), feedback("past")]);
    assert.deepEqual([past.status, JSON.parse(past.body)], [through.status, JSON.parse(through.body)]);
    const events = await rest.call({ deployment: "past", body: BODY, headers: { "ce-specversion": "1.0" } });
    assert.equal(events.headers["ce-source"], "seldon.past");
    assert.ok(isThrough(events));
  });

  it("give the same answers over gRPC", async () => {
    const request = Buffer.from(SeldonMessage.encode({ data: { tensor: { shape: [1, 4], values: FLOWER } } }).finish());
    const feedback = Buffer.from(Feedback.encode({ reward: 1 }).finish());
    for (const [method, message] of [
      ["Predict", request],
      ["SendFeedback", feedback],
    ] as const) {
      const through = await callRaw(graphway.port, method, "through", message);
      const past = await callRaw(graphway.port, method, "past", message);
      assert.deepEqual(past.message, through.message, method);
      assert.ok(past.puid !== "" && through.puid !== "");
    }
  });

  it("begin and end with an edit of the policy, without a failed request", async () => {
    const replies: boolean[] = [];
    const load = startLoad(async () => {
      const reply = await predict("changing");
      replies.push(isThrough(reply));
      return reply;
    });
    for (const bypass of [true, false]) {
      await writeFile(join(folder, "models.yaml"), manifest(bypass));
      await until(
        () => replies.at(-1) === !bypass,
        () => `the routes did not change; it printed: ${graphway.output()}`,
      );
    }
    const { failures } = await load.stop();
    assert.deepEqual(failures, []);
  });
});

/** One gRPC call whose answer is left as it is. */
function callRaw(
  port: number,
  method: string,
  deployment: string,
  message: Buffer,
): Promise<{ readonly message: Buffer; readonly puid: string }> {
  const client = new Client(`127.0.0.1:${String(port)}`, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set("seldon", deployment);
  metadata.set("namespace", "default");
  return new Promise((resolve, reject) => {
    let puid = "";
    const same = (bytes: Buffer): Buffer => bytes;
    const deadline = Date.now() + 60_000;
    client
      .makeUnaryRequest(
        `/seldon.protos.Seldon/${method}`,
        same,
        same,
        message,
        metadata,
        { deadline },
        (error, reply) => {
          client.close();
          if (error !== null || reply === undefined) reject(error ?? new Error("no answer"));
          else resolve({ message: reply, puid });
        },
      )
      .on("metadata", (received) => {
        puid = String(received.get("seldon-puid")[0] ?? "");
      });
  });
}
