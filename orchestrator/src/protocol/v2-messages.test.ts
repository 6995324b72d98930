import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { inference } from "#proto/gen/inference.js";
import { CallError } from "../execute/call-error.ts";
import { gatherMessages } from "./v2-gather-messages.ts";
import { replyOfRequest, requestOfReply, underModelName } from "./v2-messages.ts";

const { ModelInferRequest, ModelInferResponse } = inference;

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const parameter = fc.oneof(
  fc.record({ boolParam: fc.boolean() }),
  fc.record({ int64Param: int64 }),
  fc.record({ stringParam: fc.string() }),
  fc.record({ doubleParam: fc.double({ noNaN: true }) }),
);
const parameters = fc.dictionary(fc.string(), parameter, { maxKeys: 3 });
const bytes = fc.uint8Array({ maxLength: 40 });
const contents = fc.record(
  {
    intContents: fc.array(fc.integer()),
    int64Contents: fc.array(int64),
    fp32Contents: fc.array(fc.float({ noNaN: true })),
    bytesContents: fc.array(bytes, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const tensor = fc.record(
  { name: fc.string(), datatype: fc.constantFrom("INT64", "FP32", ""), shape: fc.array(int64), parameters, contents },
  { requiredKeys: ["name"] },
);
const response = fc.record(
  {
    modelName: fc.string(),
    modelVersion: fc.string(),
    id: fc.string(),
    parameters,
    outputs: fc.array(tensor, { maxLength: 4 }),
    rawOutputContents: fc.array(bytes, { maxLength: 4 }),
  },
  { requiredKeys: [] },
);

function encodedResponse(value: object): Buffer {
  return Buffer.from(ModelInferResponse.encode(ModelInferResponse.fromObject(value as never)).finish());
}

function plainRequest(message: Uint8Array): unknown {
  return ModelInferRequest.toObject(ModelInferRequest.decode(message), PLAIN);
}

function plainResponse(message: Uint8Array): Record<string, unknown> {
  return ModelInferResponse.toObject(ModelInferResponse.decode(message), PLAIN);
}

const PLAIN = { longs: String, bytes: String, defaults: true, arrays: true, objects: true };

/** The request that a decoder of the whole reply would write. */
function wantedRequest(reply: Uint8Array, modelName: string): unknown {
  const { id, parameters: kept, outputs, rawOutputContents } = plainResponse(reply);
  const request = { modelName, id, parameters: kept, inputs: outputs, rawInputContents: rawOutputContents };
  return plainRequest(ModelInferRequest.encode(ModelInferRequest.fromObject(request)).finish());
}

describe("V2 messages", () => {
  it("a reply becomes the next request, as a decoder of the whole would write it", () => {
    fc.assert(
      fc.property(response, fc.string(), (value, name) => {
        const reply = encodedResponse(value);
        assert.deepEqual(plainRequest(requestOfReply(reply, name)), wantedRequest(reply, name));
      }),
    );
  });

  it("a request that nobody answered comes back with its tensors", () => {
    fc.assert(
      fc.property(response, (value) => {
        const reply = encodedResponse({ ...value, modelVersion: "" });
        const back = replyOfRequest(requestOfReply(reply, value.modelName ?? ""));
        assert.deepEqual(plainResponse(back), plainResponse(reply));
      }),
    );
  });

  it("a request goes on under another name, everything else the same", () => {
    fc.assert(
      fc.property(response, fc.string(), fc.string(), (value, first, second) => {
        const request = requestOfReply(encodedResponse(value), first);
        assert.deepEqual(plainRequest(underModelName(request, second)), {
          ...(plainRequest(request) as object),
          modelName: second,
        });
      }),
    );
  });

  it("bytes that are no message are a CallError, never another error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (garbage) => {
        for (const convert of [requestOfReply, underModelName, replyOfRequest]) {
          try {
            convert(Buffer.from(garbage), "m");
          } catch (error) {
            assert.ok(error instanceof CallError, String(error));
          }
        }
      }),
    );
    for (const hex of ["0a", "0a05", "ff", "ffffffffffffffffffffff", "00", "2b", "2d00", "320a00", "28"]) {
      assert.throws(() => requestOfReply(Buffer.from(hex, "hex"), "m"), CallError, hex);
    }
  });
});

describe("V2 combiner messages", () => {
  const model = { name: "combiner", version: "" };
  const typed = encodedResponse({
    id: "7",
    outputs: [
      { name: "a", datatype: "INT64", shape: [2], contents: { int64Contents: ["9007199254740993", "-1"] } },
      { name: "s", datatype: "BYTES", shape: [1], contents: { bytesContents: [Buffer.from("hi")] } },
    ],
  });
  const raw = encodedResponse({
    outputs: [{ name: "b", datatype: "FP32", shape: [1] }],
    rawOutputContents: [Buffer.from("0000803f", "hex")],
  });
  const reply = (child: string, body: Buffer) => ({
    child,
    payload: { transport: "grpc", body, isReply: true } as const,
  });

  it("keeps typed contents where no child answers in raw ones", async () => {
    const gathered = await gatherMessages([reply("x", typed), reply("y", typed)], model);
    const request = plainRequest(gathered.body) as Record<string, unknown> & { inputs: Record<string, unknown>[] };
    assert.equal(request["modelName"], "combiner");
    assert.equal(request["id"], "7");
    assert.deepEqual(
      request.inputs.map((one) => one["name"]),
      ["x.a", "x.s", "y.a", "y.s"],
    );
    assert.deepEqual((request.inputs[0]?.["contents"] as Record<string, unknown>)["int64Contents"], [
      "9007199254740993",
      "-1",
    ]);
    assert.deepEqual(request["rawInputContents"], []);
  });

  it("makes all contents raw where one child's are", async () => {
    const gathered = await gatherMessages([reply("x", typed), reply("y", raw)], model);
    const request = ModelInferRequest.decode(gathered.body);
    assert.deepEqual(
      request.inputs.map((one) => [one.name, one.datatype, one.contents]),
      [
        ["x.a", "INT64", null],
        ["x.s", "BYTES", null],
        ["y.b", "FP32", null],
      ],
    );
    assert.deepEqual(
      request.rawInputContents.map((one) => Buffer.from(one).toString("hex")),
      ["0100000000002000ffffffffffffffff", "020000006869", "0000803f"],
    );
  });

  it("names the child whose answer does not hold together", async () => {
    const short = encodedResponse({
      outputs: [{ name: "a" }, { name: "b" }],
      rawOutputContents: [Buffer.from("00", "hex")],
    });
    await assert.rejects(async () => gatherMessages([reply("odd", short)], model), /node odd has 2 outputs, but 1 raw/);
    await assert.rejects(
      async () => gatherMessages([reply("odd", Buffer.from("ff", "hex"))], model),
      /node odd is not/,
    );
  });
});
