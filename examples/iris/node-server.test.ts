import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { seldon } from "#proto/gen/seldon.js";
import { type Json, type JsonObject, isJsonObject } from "#proto/json/json.ts";
import { messageFromJson, messageToJson } from "#proto/json/seldon-message.ts";
import { makeComponent } from "./components.ts";
import { type RunningNode, serveNode } from "./node-server.ts";

const { SeldonMessage } = seldon.protos;
const SETOSA = [5.1, 3.5, 1.4, 0.2];

function probabilitiesIn(answer: JsonObject): readonly number[] {
  const data = answer["data"];
  assert.ok(isJsonObject(data) && Array.isArray(data["ndarray"]));
  return (data["ndarray"] as readonly (readonly number[])[])[0] ?? [];
}

async function serve(
  component: string,
  parameters: readonly { name: string; value: string }[] = [],
): Promise<RunningNode> {
  const identity = { name: component, image: "iris:1" };
  return serveNode(makeComponent(component, parameters), identity, { http: 0, grpc: 0 }, "127.0.0.1");
}

async function post(
  node: RunningNode,
  path: string,
  body: Json | string,
): Promise<{ status: number; body: JsonObject }> {
  const response = await fetch(`http://127.0.0.1:${node.ports.http}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as JsonObject };
}

function call(client: Client, method: string, json: Json): Promise<JsonObject> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      `/seldon.protos.${method}`,
      (message: seldon.protos.SeldonMessage) => Buffer.from(SeldonMessage.encode(message).finish()),
      (bytes) => messageToJson(SeldonMessage.decode(bytes)),
      messageFromJson(json),
      (error, answer) => {
        if (error !== null) reject(error);
        else resolve(answer ?? {});
      },
    );
  });
}

describe("a model node", () => {
  let node: RunningNode;
  let client: Client;
  before(async () => {
    node = await serve("softmax");
    client = new Client(`127.0.0.1:${node.ports.grpc}`, credentials.createInsecure());
  });
  after(async () => {
    client.close();
    await node.close(1000);
  });

  it("answers REST in the form of the request, with names, tags and path", async () => {
    const request = { meta: { puid: "p1", tags: { before: 1 } }, data: { ndarray: [SETOSA] } };
    const { status: code, body } = await post(node, "/predict", request);
    assert.equal(code, 200);
    assert.ok((probabilitiesIn(body)[0] ?? 0) > 0.9);
    assert.deepEqual((body["data"] as JsonObject)["names"], ["setosa", "versicolor", "virginica"]);
    const meta = body["meta"] as JsonObject;
    assert.equal(meta["puid"], "p1");
    assert.deepEqual(meta["tags"], { before: 1, model: "softmax" });
    assert.deepEqual(meta["requestPath"], { softmax: "iris:1" });

    const tensor = await post(node, "/predict", {
      data: { tensor: { shape: [2, 4], values: [...SETOSA, ...SETOSA] } },
    });
    const data = tensor.body["data"] as { tensor: { shape: number[]; values: number[] } };
    assert.deepEqual(data.tensor.shape, [2, 3]);
    assert.deepEqual(data.tensor.values.slice(0, 3), probabilitiesIn(body));
  });

  it("answers gRPC with the same numbers, for graphs and alone", async () => {
    const request = { data: { ndarray: [SETOSA] } };
    const rest = await post(node, "/predict", request);
    assert.deepEqual(probabilitiesIn(await call(client, "Model/Predict", request)), probabilitiesIn(rest.body));
    assert.deepEqual(probabilitiesIn(await call(client, "Seldon/Predict", request)), probabilitiesIn(rest.body));
  });

  it("says what is wrong with a request, on both transports", async () => {
    const cases: readonly (readonly [Json | string, RegExp])[] = [
      ["{", /not JSON/],
      [{ data: { ndarray: [[1, 2]] } }, /row 0 has 2 values/],
      [{ data: { ndarray: [["a", 1, 1, 1]] } }, /"a".*no number/],
      [{ data: { ndarray: [[null, 1, 1, 1]] } }, /missing value/],
      [{ data: { tensor: { shape: [3, 4], values: [1] } } }, /not a table of shape \[3,4\]/],
      [{ strData: "x" }, /no data.ndarray/],
      ["null", /no data.ndarray/],
    ];
    for (const [body, message] of cases) {
      const answer = await post(node, "/predict", body);
      assert.equal(answer.status, 400);
      assert.match((answer.body["status"] as { info: string }).info, message);
    }
    await assert.rejects(call(client, "Model/Predict", { strData: "x" }), (error: ServiceError) => {
      return error.code === status.INVALID_ARGUMENT && error.details.includes("no data.ndarray");
    });
    await assert.rejects(call(client, "Router/Route", { data: { ndarray: [SETOSA] } }), /softmax has no method route/);
    assert.equal((await post(node, "/nowhere", {})).status, 404);
  });

  it("tells its health", async () => {
    const ping = await fetch(`http://127.0.0.1:${node.ports.http}/health/ping`);
    assert.equal(await ping.text(), "pong");
    assert.equal((await fetch(`http://127.0.0.1:${node.ports.http}/health/status`)).status, 200);
  });
});

describe("the other nodes", () => {
  async function withNode(
    name: string,
    parameters: readonly { name: string; value: string }[],
    use: (node: RunningNode) => Promise<void>,
  ): Promise<void> {
    const node = await serve(name, parameters);
    try {
      await use(node);
    } finally {
      await node.close(1000);
    }
  }

  it("clean fills in, scales and clips", () =>
    withNode("clean", [{ name: "unit", value: "mm" }], async (node) => {
      const { body } = await post(node, "/transform-input", { data: { ndarray: [[51, null, 14, 9000]] } });
      assert.deepEqual(
        probabilitiesIn(body).map((x) => Number(x.toFixed(6))),
        [5.1, 3, 1.4, 3.5],
      );
    }));

  it("petal-router goes by petal length, and counts rewards of the branch taken", () =>
    withNode("petal-router", [], async (node) => {
      assert.deepEqual(probabilitiesIn((await post(node, "/route", { data: { ndarray: [[6, 3, 5, 2]] } })).body), [0]);
      assert.deepEqual(probabilitiesIn((await post(node, "/route", { data: { ndarray: [SETOSA] } })).body), [1]);
      const feedback = { response: { meta: { routing: { "petal-router": 1 } } }, reward: 2 };
      const { body } = await post(node, "/send-feedback", feedback);
      assert.deepEqual((body["meta"] as JsonObject)["tags"], { "reward-0": 0, "reward-1": 2 });
    }));

  it("pool takes the geometric mean of its children", () =>
    withNode("pool", [], async (node) => {
      const child = (values: readonly number[]): Json => ({ data: { ndarray: [values] } });
      const list = [child([0.8, 0.1, 0.1]), child([0.2, 0.4, 0.4])];
      const [a = 0, b = 0, c = 0] = probabilitiesIn((await post(node, "/aggregate", list)).body);
      assert.ok(Math.abs(a - 0.5) < 1e-9 && Math.abs(b - 0.25) < 1e-9 && Math.abs(c - 0.25) < 1e-9, `${a} ${b} ${c}`);
      assert.equal((await post(node, "/aggregate", [child([1])])).status, 400);
    }));
});
