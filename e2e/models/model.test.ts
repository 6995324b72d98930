import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { Client, credentials, status, type ServiceError } from "@grpc/grpc-js";
import { seldon } from "#proto/gen/seldon.js";
import { Counter } from "./counter.ts";
import { listenGrpc, makeGrpcServer } from "./grpc-server.ts";
import { makeRestServer } from "./rest-server.ts";
import { readSettings } from "./settings.ts";

const { SeldonMessage } = seldon.protos;

async function startModel(t: TestContext, env: Readonly<Record<string, string>>) {
  const lines: string[] = [];
  const settings = readSettings(env);
  const counter = new Counter(settings, (line) => lines.push(line));
  const rest = makeRestServer(settings, counter);
  const grpc = makeGrpcServer(settings, counter);
  rest.listen(0, "127.0.0.1");
  await once(rest, "listening");
  const grpcPort = await listenGrpc(grpc, 0);
  t.after(() => {
    rest.closeAllConnections();
    rest.close();
    grpc.forceShutdown();
  });
  const url = `http://127.0.0.1:${(rest.address() as AddressInfo).port}`;
  const post = async (path: string, body: unknown): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(url + path, { method: "POST", body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  };
  return { post, lines, url, grpcPort };
}

test("REST: the same row in the request's form, by all three protocols", async (t) => {
  const { post, lines, url } = await startModel(t, { ANSWER: "[5,6]" });
  const names = ["t:0", "t:1"];
  assert.deepEqual(await post("/predict", { data: { ndarray: [[1]] } }), {
    status: 200,
    body: { data: { names, ndarray: [[5, 6]] }, meta: {} },
  });
  const tensor = { shape: [1, 1], values: [1] };
  assert.deepEqual((await post("/predict", { data: { tensor } })).body, {
    data: { names, tensor: { shape: [1, 2], values: [5, 6] } },
    meta: {},
  });
  assert.deepEqual((await post("/v2/models/m/infer", { id: "7", inputs: [] })).body, {
    model_name: "m",
    model_version: "v1",
    id: "7",
    outputs: [{ name: "predict", shape: [1, 2], datatype: "FP64", data: [5, 6] }],
  });
  assert.deepEqual((await post("/v1/models/m/:predict", { instances: [1] })).body, { predictions: [[5, 6]] });
  assert.equal((await post("/nowhere", {})).status, 404);
  assert.equal(lines.length, 4);
  assert.deepEqual(await (await fetch(`${url}/count`)).json(), { count: 4 });
});

test("headers are logged where it is told to", async (t) => {
  const { lines, url } = await startModel(t, { LOG_HEADERS: "x-" });
  const headers = { "x-user": "ada", other: "1" };
  await fetch(`${url}/predict`, { method: "POST", body: "{}", headers });
  assert.deepEqual(lines, ['request 1 POST /predict {"x-user":"ada"}\n']);
});

test("the first requests fail where it is told to", async (t) => {
  const { post } = await startModel(t, { FAIL_FIRST: "2" });
  const codes = [];
  for (let i = 0; i < 3; i += 1) codes.push((await post("/predict", {})).status);
  assert.deepEqual(codes, [503, 503, 200]);
});

test("gRPC: Model and Generic, and a refusal as UNAVAILABLE", async (t) => {
  const { grpcPort, lines } = await startModel(t, { FAIL_FIRST: "1" });
  const client = new Client(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
  t.after(() => {
    client.close();
  });
  const call = (method: string): Promise<ServiceError | seldon.protos.SeldonMessage | undefined> =>
    new Promise((resolve) => {
      const encode = (): Buffer => Buffer.from(SeldonMessage.encode({ data: { ndarray: { values: [] } } }).finish());
      client.makeUnaryRequest(
        `/seldon.protos.${method}`,
        encode,
        (bytes: Buffer) => SeldonMessage.decode(bytes),
        {},
        (error, reply) => {
          resolve(error ?? reply);
        },
      );
    });
  const refused = (await call("Model/Predict")) as ServiceError;
  assert.equal(refused.code, status.UNAVAILABLE);
  const answer = (await call("Model/Predict")) as seldon.protos.SeldonMessage;
  assert.equal(answer.data?.ndarray?.values?.[0]?.listValue?.values?.[3]?.numberValue, 4);
  await call("Generic/TransformInput");
  assert.deepEqual(
    lines.map((line) => line.split(" ")[2]?.trim()),
    ["seldon.protos.Model/Predict", "seldon.protos.Model/Predict", "seldon.protos.Generic/TransformInput"],
  );
});

test("settings that are none are refused", () => {
  assert.throws(() => readSettings({ DELAY_MS: "fast" }), /DELAY_MS must be a whole number/);
  assert.throws(() => readSettings({ ANSWER: '"x"' }), /ANSWER must be an array/);
});
