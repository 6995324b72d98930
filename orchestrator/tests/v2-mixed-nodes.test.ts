import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { chainOf, post, withBed } from "./v2-bed.ts";

describe("REST and gRPC nodes in one v2 graph", { concurrency: 4 }, () => {
  const grpc = { endpoint: { type: "GRPC" } };
  const outputs = [{ name: "o", datatype: "INT64", shape: ["1"], contents: { int64_contents: ["9007199254740993"] } }];
  const rest = '{"model_name":"r","outputs":[{"name":"o","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';

  it("a REST client before a gRPC node", () =>
    withBed(
      { ...chainOf("g"), ...grpc },
      { "g/ModelInfer": { body: { model_name: "g", id: "7", outputs } } },
      async (bed) => {
        const request = '{"id":"7","inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}';
        const answer = await post(bed, "/v2/models/infer", request);
        assert.equal(
          answer.bytes.toString(),
          '{"model_name":"g","id":"7","outputs":[{"name":"o","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}',
        );
        assert.equal(answer.headers.get("content-type"), "application/json");
        const [call] = bed.calls;
        assert.equal((call?.body as Record<string, unknown>)["model_name"], "g", "the message names its model");
        assert.equal(call?.operation, "ModelInfer");
      },
    ));

  it("a chain of both", () =>
    withBed(
      { ...chainOf("r"), children: [{ ...chainOf("g"), ...grpc, children: [chainOf("s")] }] },
      {
        "r/v2/models/r/infer": { text: rest },
        "g/ModelInfer": { body: { model_name: "g", outputs } },
        "s/v2/models/s/infer": { text: '{"outputs":[]}' },
      },
      async (bed) => {
        assert.equal((await post(bed, "/v2/models/infer", '{"inputs":[]}')).bytes.toString(), '{"outputs":[]}');
        const inputs = [
          { name: "o", datatype: "INT64", shape: ["1"], contents: { int64_contents: ["9007199254740993"] } },
        ];
        assert.deepEqual(bed.calls[1]?.body, { model_name: "g", inputs });
        assert.equal(bed.calls[2]?.raw.toString(), rest.replace('"outputs"', '"inputs"').replace('"r"', '"g"'));
      },
    ));

  it("a router and a combiner by gRPC, their children by REST", () =>
    withBed(
      {
        name: "router",
        type: "ROUTER",
        ...grpc,
        children: [chainOf("a"), { name: "c", type: "COMBINER", ...grpc, children: [chainOf("r"), chainOf("q")] }],
      },
      {
        "router/ModelInfer": { body: { outputs: [{ datatype: "INT32", contents: { int_contents: [1] } }] } },
        "r/v2/models/r/infer": { text: rest },
        "q/v2/models/q/infer": { text: rest },
        "c/ModelInfer": { body: { model_name: "c" } },
      },
      async (bed) => {
        const answer = await post(bed, "/v2/models/infer", '{"inputs":[]}');
        assert.equal(answer.bytes.toString(), '{"model_name":"c","outputs":[]}');
        const { inputs } = bed.calls.at(-1)?.body as { inputs: readonly { name: string }[] };
        assert.deepEqual(
          inputs.map((one) => one.name),
          ["r.o", "q.o"],
        );
      },
    ));

  it("what a gRPC child answers and JSON can't say reaches a REST combiner as a binary tensor", () =>
    withBed(
      { name: "c", type: "COMBINER", children: [{ ...chainOf("g"), ...grpc }, chainOf("r")] },
      {
        "g/ModelInfer": {
          body: { outputs: [{ name: "o", datatype: "FP32", shape: ["1"] }], raw_output_contents: ["AADAfw=="] },
        },
        "r/v2/models/r/infer": { text: rest },
        "c/v2/models/c/infer": { text: '{"outputs":[]}' },
      },
      async (bed) => {
        assert.equal((await post(bed, "/v2/models/infer", '{"inputs":[]}')).status, 200);
        const call = bed.calls.at(-1);
        const length = Number(call?.headers["inference-header-content-length"]);
        const json = JSON.parse(call?.raw.toString("utf8", 0, length) ?? "") as { inputs: readonly { name: string }[] };
        assert.deepEqual(
          json.inputs.map((one) => one.name),
          ["g.o", "r.o"],
        );
        assert.equal(call?.raw.subarray(length).toString("hex"), "0000c07f");
      },
    ));

  it("status and metadata of a gRPC node, in JSON", () =>
    withBed(
      { ...chainOf("g"), ...grpc },
      {
        "g/ModelReady": [{ body: { ready: true } }, { body: {} }],
        "g/ModelMetadata": {
          body: { name: "g", platform: "p", inputs: [{ name: "x", datatype: "FP32", shape: ["-1", "4"] }] },
        },
      },
      async (bed) => {
        assert.deepEqual(await (await fetch(`${bed.url}/v2/models/g/ready`)).json(), { name: "g", ready: true });
        assert.equal((await fetch(`${bed.url}/v2/models/g/ready`)).status, 503);
        assert.deepEqual(await (await fetch(`${bed.url}/v2/models/g`)).json(), {
          name: "g",
          versions: [],
          platform: "p",
          inputs: [{ name: "x", datatype: "FP32", shape: [-1, 4] }],
          outputs: [],
        });
      },
    ));
});
