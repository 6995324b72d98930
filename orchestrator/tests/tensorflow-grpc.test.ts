import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonObject } from "#proto/json/json.ts";
import { callGrpc, startBed, startTestApp, type Replies, type TestBed, type TestNode } from "./orchestrator.ts";
import { messagesOf } from "./protocol-messages.ts";

const PREDICT = "/tensorflow.serving.PredictionService/Predict";
const INTERNAL = 13;

const leaf = (name: string): TestNode => ({ name, type: "MODEL", children: [] });
const chain: TestNode = { ...leaf("a"), children: [leaf("b")] };
const TENSOR = { dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: "1" }] }, float_val: [1.5] };

async function withBed(graph: TestNode, replies: Replies, test: (bed: TestBed) => Promise<void>): Promise<void> {
  const bed = await startBed(graph, replies, { flags: ["--protocol", "tensorflow"] });
  try {
    await test(bed);
  } finally {
    await bed.stop();
  }
}

async function predict(bed: TestBed, request: JsonObject) {
  const messages = messagesOf(PREDICT);
  assert.ok(messages !== undefined);
  const { code, details, raw } = await callGrpc(bed.app.grpcPort, PREDICT, messages.encodeRequest(request));
  return { code, details, reply: code === 0 ? messages.decodeReply(raw) : undefined };
}

const bodies = (bed: TestBed): unknown[] => bed.calls.map((one) => one.body);

describe("graphs of tensorflow over gRPC", { concurrency: 4 }, () => {
  it("outputs become inputs, each node under its own name; the first one gets the client's request", () =>
    withBed(
      chain,
      {
        "a/Predict": { body: { outputs: { o: TENSOR }, model_spec: { name: "a", version: { value: "3" } } } },
        "b/Predict": { body: { outputs: { p: TENSOR } } },
      },
      async (bed) => {
        for (const name of ["a", "b", "iris"]) {
          bed.calls.length = 0;
          const request = { model_spec: { name, signature_name: "s" }, inputs: { x: TENSOR }, output_filter: ["o"] };
          assert.deepEqual((await predict(bed, request)).reply, { outputs: { p: TENSOR } });
          assert.deepEqual(bodies(bed), [
            { ...request, model_spec: { name: "a", signature_name: "s" } },
            { model_spec: { name: "b" }, inputs: { o: TENSOR } },
          ]);
        }
      },
    ));

  for (const [says, tensor] of [
    ["typed", { dtype: "DT_INT64", int64_val: ["1"] }],
    ["float", { dtype: "DT_FLOAT", float_val: [1.9] }],
    ["raw", { dtype: "DT_INT32", tensor_content: "AQAAAA==" }],
    ["half", { dtype: "DT_HALF", tensor_content: "ADw=" }],
  ] as const) {
    it(`a router's branch is the first element of its first output: ${says}`, () =>
      withBed(
        { name: "r", type: "ROUTER", children: [leaf("a"), leaf("b")] },
        { "r/Predict": { body: { outputs: { route: tensor } } }, "b/Predict": { body: { outputs: { p: TENSOR } } } },
        async (bed) => {
          assert.deepEqual((await predict(bed, { inputs: { x: TENSOR } })).reply, { outputs: { p: TENSOR } });
          assert.deepEqual(
            bed.calls.map((one) => one.node),
            ["r", "b"],
          );
        },
      ));
  }

  for (const body of [{}, { outputs: { route: { dtype: "DT_STRING", string_val: ["AQ=="] } } }]) {
    it(`a router that names no branch is a clean error: ${JSON.stringify(body)}`, () =>
      withBed(
        { name: "r", type: "ROUTER", children: [leaf("a"), leaf("b")] },
        { "r/Predict": { body } },
        async (bed) => {
          const answer = await predict(bed, {});
          assert.equal(answer.code, INTERNAL);
          assert.match(answer.details, /router r/);
        },
      ));
  }

  it("a combiner's inputs are its children's outputs", () =>
    withBed(
      { name: "c", type: "COMBINER", children: [leaf("a"), leaf("b")] },
      {
        "a/Predict": { body: { outputs: { o: TENSOR } } },
        "b/Predict": { body: { outputs: { o: TENSOR } } },
        "c/Predict": { body: { outputs: { sum: TENSOR } } },
      },
      async (bed) => {
        assert.deepEqual((await predict(bed, {})).reply, { outputs: { sum: TENSOR } });
        assert.deepEqual(bodies(bed).at(-1), { model_spec: { name: "c" }, inputs: { "a.o": TENSOR, "b.o": TENSOR } });
      },
    ));

  it("a reply that is no message is an error, and nothing ends", () =>
    withBed(chain, { "a/Predict": { base64: "Cv8=" }, "b/Predict": {} }, async (bed) => {
      const answer = await predict(bed, {});
      assert.equal(answer.code, INTERNAL);
      assert.match(answer.details, /not an encoded PredictResponse/);
    }));

  it("nodes that insist on different transports are refused before they are served", async () => {
    const at = (type: string) => ({ service_host: "127.0.0.1", service_port: 9, httpPort: 9, grpcPort: 10, type });
    const mixed = { ...leaf("a"), endpoint: at("GRPC"), children: [{ ...leaf("b"), endpoint: at("REST") }] };
    await assert.rejects(
      startTestApp(mixed, { flags: ["--protocol", "tensorflow"] }),
      /the node is called by gRPC, and b by REST; with protocol tensorflow all nodes of a graph must speak one/,
    );
  });

  it("a REST client before nodes that have a gRPC port only is told which way to go", () =>
    withBed({ ...leaf("a"), endpoint: { type: "GRPC", httpPort: 0 } }, {}, async (bed) => {
      const response = await fetch(`${bed.url}/v1/models/:predict`, { method: "POST", body: "{}" });
      assert.equal(response.status, 400);
      assert.match(await response.text(), /messages of protocol tensorflow are not translated: ask by gRPC/);
    }));
});
