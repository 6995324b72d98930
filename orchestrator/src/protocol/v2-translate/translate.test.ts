import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { inference } from "#proto/gen/inference.js";
import { CallError } from "../../execute/call-error.ts";
import { grpcPayload, jsonPayload, type Payload, type RestPayload } from "../../execute/payload.ts";
import { translate } from "./translate.ts";

const MAX = 1_000_000;
const { ModelInferRequest, ModelInferResponse } = inference;

function restOf(text: string, isReply = false): RestPayload {
  return { ...jsonPayload(null), body: Buffer.from(text), isReply };
}

async function message(payload: RestPayload): Promise<Record<string, unknown>> {
  const { body } = await translate(payload, "grpc", MAX);
  const type = payload.isReply === true ? ModelInferResponse : ModelInferRequest;
  return type.toObject(type.decode(body) as never, { longs: String, bytes: String, oneofs: false });
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const float32 = fc.float({ noNaN: true, noDefaultInfinity: true }).map((one) => (Object.is(one, -0) ? 0 : one));
const float64 = fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (Object.is(one, -0) ? 0 : one));

/** Datatype, and a value's JSON text. */
const data = fc.oneof(
  fc.tuple(fc.constant("INT64"), fc.array(int64)),
  fc.tuple(fc.constant("UINT64"), fc.array(uint64)),
  fc.tuple(fc.constant("INT32"), fc.array(fc.integer().map(String))),
  fc.tuple(fc.constant("UINT8"), fc.array(fc.nat(255).map(String))),
  fc.tuple(fc.constant("FP32"), fc.array(float32.map(String))),
  fc.tuple(fc.constant("FP64"), fc.array(float64.map(String))),
  fc.tuple(fc.constant("BOOL"), fc.array(fc.boolean().map(String))),
  fc.tuple(fc.constant("BYTES"), fc.array(fc.string({ unit: "grapheme" }).map((one) => JSON.stringify(one)))),
);
const parameter = fc.oneof(
  int64,
  uint64,
  fc.boolean().map(String),
  fc.string().map((one) => JSON.stringify(one)),
);
const reply = fc
  .record({
    id: fc.string({ minLength: 1 }),
    parameters: fc.dictionary(fc.constantFrom("p", "q", "r s"), parameter, { minKeys: 1 }),
    outputs: fc.array(fc.tuple(fc.string(), data), { maxLength: 3 }),
  })
  .map(({ id, parameters, outputs }) => {
    const tensors = outputs.map(([name, [datatype, values]]) => {
      const head = `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${values.length}]`;
      return `{${head},"data":[${values.join(",")}]}`;
    });
    const own = Object.entries(parameters).map(([name, text]) => `${JSON.stringify(name)}:${text}`);
    return `{"model_name":"m","id":${JSON.stringify(id)},"parameters":{${own.join(",")}},"outputs":[${tensors.join(",")}]}`;
  });

describe("V2 between REST and gRPC", () => {
  it("there and back is the same text, number for number", async () => {
    await fc.assert(
      fc.asyncProperty(reply, async (text) => {
        const back = await translate(await translate(restOf(text, true), "grpc", MAX), "rest", MAX);
        assert.equal(back.body.toString(), text);
      }),
    );
  });

  it("a request's fields all arrive, 64-bit integers exact", async () => {
    const text = `{"id":"7","parameters":{"i":9007199254740993,"d":1.5,"big":18446744073709551615,"binary_data_output":true},
      "inputs":[{"name":"x","datatype":"INT64","shape":[2,1],"parameters":{"k":"v"},"data":[[-9223372036854775808],[9007199254740993]]}],
      "outputs":[{"name":"y","parameters":{"binary_data":true,"classification":2}}]}`;
    assert.deepEqual(await message(restOf(text)), {
      id: "7",
      parameters: {
        i: { int64Param: "9007199254740993" },
        d: { doubleParam: 1.5 },
        big: { uint64Param: "18446744073709551615" },
      },
      inputs: [
        {
          name: "x",
          datatype: "INT64",
          shape: ["2", "1"],
          parameters: { k: { stringParam: "v" } },
          contents: { int64Contents: ["-9223372036854775808", "9007199254740993"] },
        },
      ],
      outputs: [{ name: "y", parameters: { classification: { int64Param: "2" } } }],
    });
  });

  it("binary tensors become raw contents, and JSON data beside them too", async () => {
    const json =
      '{"outputs":[{"name":"a","datatype":"INT16","shape":[1],"data":[-2]},{"name":"b","datatype":"FP16","shape":[1],"parameters":{"binary_data_size":2}}]}';
    const body = Buffer.concat([Buffer.from(json), Buffer.from("003c", "hex")]);
    const payload = { ...restOf("", true), body, jsonLength: String(json.length) };
    const read = await message(payload);
    assert.deepEqual(read["rawOutputContents"], ["/v8=", "ADw="]);
    assert.equal(
      (read["outputs"] as readonly object[]).some((one) => "contents" in one),
      false,
    );
  });

  it("JSON data become raw contents where they are asked for", async () => {
    const text =
      '{"outputs":[{"name":"a","datatype":"INT16","shape":[1],"data":[-2]},{"name":"b","datatype":"BYTES","shape":[1],"data":["hi"]}]}';
    const { body } = await translate(restOf(text, true), "grpc", MAX, true);
    const { outputs, rawOutputContents } = ModelInferResponse.decode(body);
    assert.deepEqual(
      rawOutputContents.map((one) => Buffer.from(one).toString("hex")),
      ["feff", "020000006869"],
    );
    assert.deepEqual(
      outputs.map((one) => one.contents),
      [null, null],
    );
  });

  it("raw contents become JSON data, and a binary tensor where JSON can't say them", async () => {
    const encoded = ModelInferResponse.encode({
      modelName: "m",
      outputs: [
        { name: "a", datatype: "FP16", shape: [1] },
        { name: "b", datatype: "FP32", shape: [1] },
        { name: "c", datatype: "BYTES", shape: [1] },
        { name: "d", datatype: "BYTES", shape: [1] },
      ],
      rawOutputContents: ["003c", "0000c07f", "0200000068c3", "0200000068c3"].map((hex, i) =>
        i === 2 ? Buffer.from("020000006869", "hex") : Buffer.from(hex, "hex"),
      ),
    }).finish();
    const rest = (await translate({ ...grpcPayload(encoded), isReply: true }, "rest", MAX)) as RestPayload;
    const length = Number(rest.jsonLength);
    const { outputs } = JSON.parse(rest.body.toString("utf8", 0, length)) as {
      outputs: readonly Record<string, unknown>[];
    };
    assert.deepEqual(
      outputs.map((one) => one["data"]),
      [[1], undefined, ["hi"], undefined],
    );
    assert.deepEqual(
      outputs.map((one) => one["parameters"]),
      [undefined, { binary_data_size: 4 }, undefined, { binary_data_size: 6 }],
    );
    assert.equal(rest.body.subarray(length).toString("hex"), "0000c07f0200000068c3");
  });

  it("a compressed body is inflated, up to the limit", async () => {
    const { gzipSync } = await import("node:zlib");
    const text = `{"id":"${"a".repeat(5_000)}","inputs":[]}`;
    const payload = { ...restOf(""), body: gzipSync(text), contentEncoding: "gzip" };
    const { body } = await translate(payload, "grpc", 10_000);
    assert.equal(ModelInferRequest.decode(body).id.length, 5_000);
    await assert.rejects(translate(payload, "grpc", 1_000), { httpStatus: 400, message: /can't be inflated/ });
    await assert.rejects(translate({ ...payload, contentEncoding: "zip" }, "grpc", 1_000), { message: /a zip body/ });
  });

  it("what can't be said is the writer's fault, in its own words", async () => {
    const wrong: readonly (readonly [Payload, number, RegExp])[] = [
      [restOf("not json"), 400, /can't be said by grpc/],
      [restOf("[]", true), 500, /can't be said by grpc/],
      [restOf('{"inputs":[{"datatype":"INT64","data":[1.5]}]}'), 400, /1\.5 is no whole number/],
      [restOf('{"inputs":[{"datatype":"FP16","data":[1]}]}'), 400, /FP16/],
      [restOf('{"inputs":[{"datatype":"BYTES","data":[1]}]}'), 400, /1 is no text/],
      [restOf('{"inputs":[{"shape":["a"]}]}'), 400, /shape is no list of whole numbers/],
      [restOf('{"inputs":1}'), 400, /inputs is no list/],
      [restOf('{"parameters":{"a":[]},"inputs":[]}'), 400, /parameter a/],
      [grpcPayload(Buffer.from("ff", "hex")), 400, /can't be said by rest/],
      [{ ...grpcPayload(Buffer.from("2a05", "hex")), isReply: true }, 500, /can't be said by rest/],
    ];
    for (const [payload, status, text] of wrong) {
      const into = payload.transport === "rest" ? "grpc" : "rest";
      await assert.rejects(translate(payload, into, MAX), (error: unknown) => {
        assert.ok(error instanceof CallError, String(error));
        assert.equal(error.httpStatus, status);
        assert.match(error.message, text);
        return true;
      });
    }
  });
});
