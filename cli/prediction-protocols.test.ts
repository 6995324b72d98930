import assert from "node:assert/strict";
import { it } from "node:test";
import { inference } from "#proto/gen/inference.js";
import { tensorflow } from "#proto/gen/tensorflow.js";
import { predictionProtocol } from "./prediction-protocols.ts";

const { PredictRequest, PredictResponse } = tensorflow.serving;

it("rows are the input that TensorFlow calls inputs, and its answer is told as JSON", async () => {
  const { wrap, grpcForm } = predictionProtocol("tensorflow");
  const { encode, decode } = await grpcForm();
  const sent = (data: Parameters<typeof wrap>[0]): object =>
    PredictRequest.toObject(PredictRequest.decode(encode(wrap(data))), { longs: Number, enums: String, bytes: String });
  const dim = [{ size: 2 }, { size: 1 }];
  assert.deepEqual(sent([[0.5], [2]]), {
    inputs: { inputs: { dtype: "DT_FLOAT", tensorShape: { dim }, floatVal: [0.5, 2] } },
  });
  assert.deepEqual(sent("hi"), {
    inputs: { inputs: { dtype: "DT_STRING", tensorShape: { dim: [{ size: 1 }] }, stringVal: ["aGk="] } },
  });
  assert.throws(() => encode({ data: {} }), /PredictRequest has no field "data"/);
  assert.throws(() => encode({ inputs: { x: { rows: 1 } } }), /TensorProto has no field "rows"/);
  const outputs = { y: { dtype: tensorflow.DataType.DT_FLOAT, floatVal: [1.5] } };
  const answer = decode(PredictResponse.encode({ outputs, modelSpec: { name: "m" } }).finish());
  assert.deepEqual(answer, { outputs: { y: { dtype: "DT_FLOAT", floatVal: [1.5] } }, modelSpec: { name: "m" } });
});

it("rows are one V2 tensor", async () => {
  const { wrap, grpcForm } = predictionProtocol("v2");
  const { encode } = await grpcForm();
  const { inputs } = inference.ModelInferRequest.decode(encode(wrap([["a"], ["b"]])));
  assert.deepEqual([inputs[0]?.datatype, inputs[0]?.shape?.map(Number)], ["BYTES", [2, 1]]);
  assert.throws(() => wrap([[1, "a"]]), /one kind of value; the data has number and text/);
  assert.throws(() => wrap([[null]]), /null has no place in a tensor/);
});
