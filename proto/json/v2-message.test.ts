import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inference } from "#proto/gen/inference.js";
import type { Json } from "./json.ts";
import { inferRequestFromJson, inferResponseToJson } from "./v2-message.ts";

const { ModelInferRequest, ModelInferResponse } = inference;

function sent(json: Json): object {
  const read = ModelInferRequest.decode(ModelInferRequest.encode(inferRequestFromJson(json)).finish());
  return ModelInferRequest.toObject(read, { longs: String, bytes: String });
}

describe("V2 messages in the JSON of REST", () => {
  it("data become typed contents, and plain parameters say their type", () => {
    const parameters = { n: 3, f: 0.5, on: true, s: "x" };
    const inputs = [
      { name: "a", datatype: "FP64", shape: [2, 1], data: [[1.5], [2]] },
      { name: "b", datatype: "BYTES", shape: [1], data: ["hé"] },
    ];
    assert.deepEqual(sent({ id: "7", parameters, inputs, outputs: [{ name: "o" }] }), {
      id: "7",
      parameters: { n: { int64Param: "3" }, f: { doubleParam: 0.5 }, on: { boolParam: true }, s: { stringParam: "x" } },
      inputs: [
        { name: "a", datatype: "FP64", shape: ["2", "1"], contents: { fp64Contents: [1.5, 2] } },
        { name: "b", datatype: "BYTES", shape: ["1"], contents: { bytesContents: ["aMOp"] } },
      ],
      outputs: [{ name: "o" }],
    });
  });

  it("the proto3 form is read too", () => {
    const inputs = [{ name: "a", datatype: "FP16", shape: [1] }];
    assert.deepEqual(sent({ model_name: "m", inputs, rawInputContents: ["ADw="] }), {
      modelName: "m",
      inputs: [{ name: "a", datatype: "FP16", shape: ["1"] }],
      rawInputContents: ["ADw="],
    });
  });

  const wrong: readonly (readonly [Json, RegExp])[] = [
    [{ inputs: [{ datatype: "FP16", data: [1] }] }, /inputs\[0\]\.data can't be said over gRPC with datatype "FP16"/],
    [{ inputs: [{ datatype: "INT32", data: [1.5] }] }, /intContents must be a whole number/],
    [{ instances: [] }, /ModelInferRequest has no field "instances"/],
    [{ parameters: { a: [] } }, /must be an object/],
  ];
  for (const [json, message] of wrong) {
    it(`refuses ${JSON.stringify(json)}`, () => {
      assert.throws(() => inferRequestFromJson(json), { name: "TypeError", message });
    });
  }

  it("typed and raw contents become data; what JSON has no number for is text", () => {
    const encoded = ModelInferResponse.encode({
      modelName: "m",
      parameters: { p: { int64Param: 4 } },
      outputs: [
        { name: "a", datatype: "INT64", shape: [2] },
        { name: "b", datatype: "BYTES", shape: [1] },
        { name: "c", datatype: "FP32", shape: [1] },
        { name: "d", datatype: "BOOL", shape: [1] },
      ],
      rawOutputContents: ["01000000000000000100000000002000", "020000006869", "0000c07f", "01"].map((hex) =>
        Buffer.from(hex, "hex"),
      ),
    }).finish();
    assert.deepEqual(inferResponseToJson(ModelInferResponse.decode(encoded)), {
      model_name: "m",
      parameters: { p: 4 },
      outputs: [
        { name: "a", datatype: "INT64", shape: [2], data: [1, "9007199254740993"] },
        { name: "b", datatype: "BYTES", shape: [1], data: ["hi"] },
        { name: "c", datatype: "FP32", shape: [1], data: ["NaN"] },
        { name: "d", datatype: "BOOL", shape: [1], data: [true] },
      ],
    });
    const typed = { outputs: [{ name: "a", datatype: "FP64", shape: [1], contents: { fp64Contents: [0.5] } }] };
    assert.deepEqual(inferResponseToJson(ModelInferResponse.decode(ModelInferResponse.encode(typed).finish())), {
      outputs: [{ name: "a", datatype: "FP64", shape: [1], data: [0.5] }],
    });
  });
});
