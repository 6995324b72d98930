import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { seldon } from "#proto/gen/seldon.js";
import type { Json, JsonObject } from "./json.ts";
import {
  feedbackFromJson,
  feedbackToJson,
  messageFromJson,
  messageListFromJson,
  messageToJson,
} from "./seldon-message.ts";

const { SeldonMessage } = seldon.protos;

function overTheWire(json: Json): JsonObject {
  return messageToJson(SeldonMessage.decode(SeldonMessage.encode(messageFromJson(json)).finish()));
}

describe("SeldonMessage as JSON", () => {
  const cases: Readonly<Record<string, JsonObject>> = {
    ndarray: {
      data: {
        names: ["a", "b"],
        ndarray: [
          [1, null],
          ["x", true],
        ],
      },
    },
    tensor: { data: { names: [], tensor: { shape: [1, 2], values: [1.5, 2.5] } } },
    strData: { strData: "hello" },
    binData: { binData: "AAEC" },
    jsonData: { jsonData: { a: [1, { b: null }], c: "d" } },
    "jsonData null": { jsonData: null },
    meta: {
      meta: {
        puid: "p",
        tags: { who: "me", n: 3, deep: { list: [false] } },
        routing: { router: -1 },
        requestPath: { a: "image:1" },
        metrics: [{ key: "k", type: "GAUGE", value: 0.5, tags: { t: "v" } }],
      },
    },
    status: { status: { code: 200, info: "i", reason: "r", status: "FAILURE" } },
  };
  for (const [name, json] of Object.entries(cases)) {
    it(`comes back from the wire: ${name}`, () => {
      assert.deepEqual(withoutEmpty(overTheWire(json)), withoutEmpty(json));
    });
  }

  it("keeps any JSON in jsonData", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const json = JSON.parse(JSON.stringify(value)) as Json;
        assert.deepEqual(overTheWire({ jsonData: json })["jsonData"], json);
      }),
    );
  });

  it("names a field that does not exist", () => {
    assert.throws(() => messageFromJson({ dat: {} }), /SeldonMessage has no field "dat"/);
    assert.throws(() => messageFromJson({ data: { array: [] } }), /data has no field "array"/);
    assert.throws(() => messageFromJson({ data: { ndarray: 3 } }), /data.ndarray must be an array/);
    assert.throws(() => messageFromJson([1]), /the message must be an object/);
  });

  it("refuses what is nested too deep instead of overflowing the stack", () => {
    const deep = JSON.parse(`${"[".repeat(5000)}${"]".repeat(5000)}`) as Json;
    assert.throws(() => messageFromJson({ jsonData: deep }), /nested deeper than 100/);
  });

  it("reads lists in both forms, and feedback", () => {
    const bare = messageListFromJson([{ strData: "a" }]);
    assert.deepEqual(bare, messageListFromJson({ seldonMessages: [{ strData: "a" }] }));
    const feedback = { request: { strData: "a" }, reward: 0.5, truth: { strData: "b" } };
    assert.deepEqual(feedbackToJson(feedbackFromJson(feedback)), feedback);
  });
});

/** An empty list or map and an absent one are the same on the wire. */
function withoutEmpty(json: Json): Json {
  return JSON.parse(
    JSON.stringify(json, (_key, value: unknown) =>
      typeof value === "object" && value !== null && Object.keys(value).length === 0 ? undefined : value,
    ),
  ) as Json;
}
