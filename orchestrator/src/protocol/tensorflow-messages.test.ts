import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Json } from "#proto/json/json.ts";
import { CallError } from "../execute/call-error.ts";
import { messagesOf } from "../../tests/protocol-messages.ts";
import { gatherMessages } from "./tensorflow-gather.ts";
import { replyOfRequest, requestOfReply, underModelName } from "./tensorflow-messages.ts";

function predictMessages() {
  const messages = messagesOf("/tensorflow.serving.PredictionService/Predict");
  assert.ok(messages !== undefined);
  return messages;
}

const { encodeRequest, decodeRequest, encodeReply, decodeReply } = predictMessages();

const tensor = fc.record({
  dtype: fc.constantFrom("DT_FLOAT", "DT_INT64"),
  tensor_shape: fc.record({ dim: fc.array(fc.record({ size: fc.nat().map(String) }), { maxLength: 3 }) }),
  float_val: fc.array(fc.integer(), { maxLength: 5 }),
});
const tensors = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tensor, { maxKeys: 4 }) as fc.Arbitrary<
  Record<string, Json>
>;
const spec = fc.record({
  name: fc.string(),
  signature_name: fc.string(),
  version: fc.record({ value: fc.nat().map(String) }),
}) as fc.Arbitrary<Json>;

/** As it reads after a trip through the encoding, which drops what is empty. */
const request = (json: Json): Json => decodeRequest(encodeRequest(json));
const reply = (json: Json): Json => decodeReply(encodeReply(json));

describe("TensorFlow Serving's messages", () => {
  it("outputs become inputs, under the model's name alone", () => {
    fc.assert(
      fc.property(tensors, spec, fc.stringMatching(/^[a-z]{1,8}$/), (outputs, model_spec, name) => {
        const next = requestOfReply(encodeReply({ outputs, model_spec }), name);
        assert.deepEqual(decodeRequest(next), request({ model_spec: { name }, inputs: outputs }));
      }),
    );
  });

  it("a request goes on under another name; version, signature, filter and tensors stay", () => {
    fc.assert(
      fc.property(tensors, spec, fc.stringMatching(/^[a-z]{1,8}$/), (inputs, model_spec, name) => {
        const given = encodeRequest({ model_spec, inputs, output_filter: ["a", "b"] });
        const wanted = { model_spec: { ...(model_spec as object), name }, inputs, output_filter: ["a", "b"] };
        assert.deepEqual(decodeRequest(underModelName(given, name)), request(wanted));
      }),
    );
    assert.deepEqual(decodeRequest(underModelName(Buffer.alloc(0), "m")), { model_spec: { name: "m" } });
  });

  it("a request that nobody answered comes back as a reply", () => {
    fc.assert(
      fc.property(tensors, spec, (inputs, model_spec) => {
        assert.deepEqual(
          decodeReply(replyOfRequest(encodeRequest({ model_spec, inputs }))),
          reply({ model_spec, outputs: inputs }),
        );
      }),
    );
  });

  it("children's outputs are one request's inputs, under the children's names", () => {
    const body = encodeReply({ outputs: { y: { dtype: "DT_FLOAT", float_val: [1.5] } }, model_spec: { name: "m" } });
    const payload = { transport: "grpc", body, isReply: true } as const;
    const gathered = gatherMessages(
      [
        { child: "a", payload },
        { child: "b", payload },
      ],
      { name: "c", version: "" },
    );
    const inputs = { "a.y": { dtype: "DT_FLOAT", float_val: [1.5] }, "b.y": { dtype: "DT_FLOAT", float_val: [1.5] } };
    assert.deepEqual(decodeRequest(gathered.body), request({ model_spec: { name: "c" }, inputs }));
  });

  it("bytes that are no message are a CallError, never another error", () => {
    const child = (body: Buffer) => [{ child: "a", payload: { transport: "grpc", body, isReply: true } as const }];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (garbage) => {
        const body = Buffer.from(garbage);
        const all = [
          requestOfReply,
          underModelName,
          replyOfRequest,
          () => gatherMessages(child(body), { name: "c", version: "" }),
        ];
        for (const convert of all) {
          try {
            convert(body, "m");
          } catch (error) {
            assert.ok(error instanceof CallError, String(error));
          }
        }
      }),
    );
    assert.throws(() => requestOfReply(Buffer.from("0a05", "hex"), "m"), CallError);
  });
});
