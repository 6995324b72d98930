import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import protobuf from "protobufjs";
import protojson from "protobufjs/ext/protojson.js";
import { seldon } from "#proto/gen/seldon.js";
import type { Json, JsonObject } from "./json.ts";
import {
  feedbackFromJson,
  feedbackToJson,
  messageFromJson,
  messageListFromJson,
  messageToJson,
} from "./seldon-message.ts";

const { SeldonMessage, Feedback } = seldon.protos;

const schema = new protobuf.Root();
schema.resolvePath = (_origin, target) =>
  target.startsWith("google/") ? target : join(import.meta.dirname, "..", "schema", target);
const reflected = schema
  .loadSync("seldon/prediction.proto", { keepCase: false })
  .lookupType("seldon.protos.SeldonMessage");

const float = fc.float({ noNaN: true, noDefaultInfinity: true }).map((one) => (Object.is(one, -0) ? 0 : one));
const word = fc.string({ maxLength: 4 });
const base64 = fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString("base64"));
const scalar = fc.oneof(fc.integer(), word, fc.boolean(), fc.constant(null));
const tree = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie("value")),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), tie("value")),
  ),
})).value;
const dictionary = <T>(of: fc.Arbitrary<T>) => fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), of, { maxKeys: 3 });
const tftensor = fc.record({
  dtype: fc.constantFrom("DT_FLOAT", "DT_INT64", "DT_STRING"),
  tensorShape: fc.record({
    dim: fc.array(fc.record({ size: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String), name: word })),
  }),
  tensorContent: base64,
  floatVal: fc.array(float),
  doubleVal: fc
    .array(fc.double({ noNaN: true }))
    .map((all) => all.map((one) => (Number.isFinite(one) ? one : String(one)))),
  intVal: fc.array(fc.integer()),
  int64Val: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)),
  uint64Val: fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)),
  boolVal: fc.array(fc.boolean()),
  stringVal: fc.array(base64),
});
const anyMessage = fc
  .tuple(
    fc.record(
      {
        meta: fc.record({
          puid: word,
          tags: dictionary(tree),
          routing: dictionary(fc.integer()),
          requestPath: dictionary(word),
          metrics: fc.array(
            fc.record({
              key: word,
              type: fc.constantFrom("COUNTER", "GAUGE", "TIMER"),
              value: float,
              tags: dictionary(word),
            }),
          ),
        }),
        status: fc.record({
          code: fc.integer(),
          info: word,
          reason: word,
          status: fc.constantFrom("SUCCESS", "FAILURE"),
        }),
      },
      { requiredKeys: [] },
    ),
    fc.oneof(
      fc.constant({}),
      fc.record({ data: fc.record({ names: fc.array(word), ndarray: fc.array(tree) }) }),
      fc.record({
        data: fc.record({
          tensor: fc.record({
            shape: fc.array(fc.nat()),
            values: fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })),
          }),
        }),
      }),
      fc.record({ data: fc.record({ tftensor }) }),
      fc.record({ binData: base64 }),
      fc.record({ strData: word }),
      fc.record({ jsonData: tree }),
    ),
  )
  .map(([rest, data]) => ({ ...rest, ...data }));

/** Without the two defaults that ours says; 32-bit floats as the doubles they are. */
function normalised(json: Json): Json {
  return JSON.parse(
    JSON.stringify(json, (key, value: unknown) => {
      if (value === "SUCCESS" || (key === "type" && value === "COUNTER")) return undefined;
      if (key === "value" && typeof value === "number") return Math.fround(value);
      return key === "floatVal" ? (value as number[]).map(Math.fround) : value;
    }),
  ) as Json;
}

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
    "64-bit integers": {
      data: {
        tftensor: {
          dtype: "DT_INT64",
          tensorShape: { dim: [{ size: "2", name: "n" }] },
          int64Val: ["9007199254740993", "-9223372036854775808"],
          uint64Val: ["18446744073709551615"],
        },
      },
    },
    "bytes and floats in a tensor": {
      data: {
        tftensor: {
          dtype: "DT_FLOAT",
          tensorContent: "AAEC",
          floatVal: [0.1, "NaN", 3],
          stringVal: ["AA=="],
          boolVal: [true],
        },
      },
    },
    "not a number": { data: { tensor: { shape: [3], values: ["NaN", "Infinity", "-Infinity"] } } },
    "32-bit float": { meta: { metrics: [{ key: "k", type: "TIMER", value: 22.1 }] } },
    "an empty string": { strData: "" },
    customData: { customData: { "@type": "type.example/a.B", value: "AAEC" } },
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

  it("reads every spelling, and writes one", () => {
    const rows: readonly [JsonObject, JsonObject][] = [
      [
        { data: { tftensor: { dtype: 3, tensor_shape: { dim: [{ size: 1 }] }, int_val: [7], int64_val: [5] } } },
        {
          data: {
            tftensor: { dtype: "DT_INT32", tensorShape: { dim: [{ size: "1" }] }, intVal: [7], int64Val: ["5"] },
          },
        },
      ],
      [{ data: { tensor: { shape: ["1"], values: ["1e3"] } } }, { data: { tensor: { shape: [1], values: [1000] } } }],
      [
        { meta: { metrics: [{ key: "k", type: 2, tags: { n: 1 } }] } },
        { meta: { metrics: [{ key: "k", type: "TIMER", tags: { n: "1" } }] } },
      ],
      [{ status: { status: 7 } }, { status: { status: 7 } }],
      [{ data: { names: [0, 1] } }, { data: { names: ["0", "1"] } }],
      [{ strData: "a", meta: null, jsonData: null }, { strData: "a" }],
      [{ customData: { type_url: "t" } }, { customData: { "@type": "t", value: "" } }],
    ];
    for (const [given, written] of rows) assert.deepEqual(overTheWire(given), written);
  });

  it("says what has no 32 bits, no base64, no number, or two kinds of data", () => {
    const rows: readonly [JsonObject, RegExp][] = [
      [{ meta: { routing: { r: 2147483648 } } }, /meta.routing must be a whole number from -2147483648 to 2147483647/],
      [{ status: { code: 1.5 } }, /status.code must be a whole number/],
      [{ binData: "a*" }, /binData must be base64/],
      [{ data: { tensor: { values: ["1 "] } } }, /data.tensor.values must be a number/],
      [{ data: { tensor: { values: [null] } } }, /data.tensor.values must be a number/],
      [{ data: {}, strData: "" }, /SeldonMessage holds data and strData; it can hold one of them/],
      [{ status: { status: "MAYBE" } }, /status.status must be one of SUCCESS, FAILURE/],
      [{ data: { tftensor: { variantVal: [{}] } } }, /data.tftensor.variantVal can't be carried/],
      [{ meta: { tags: [] } }, /meta.tags must be an object/],
    ];
    for (const [json, says] of rows) assert.throws(() => messageFromJson(json), says);
  });

  it("leaves a zero out of the bytes, also one of 64 bits", () => {
    const tftensor = { tensorShape: { dim: [{ size: "0" }] } };
    const bytes = SeldonMessage.encode(messageFromJson({ data: { tftensor } })).finish();
    assert.deepEqual([...bytes], [26, 6, 34, 4, 18, 2, 18, 0]);
  });

  it("agrees with protobufjs' own ProtoJSON", () => {
    fc.assert(
      fc.property(anyMessage, (json) => {
        const bytes = SeldonMessage.encode(messageFromJson(json)).finish();
        assert.deepEqual(
          new Uint8Array(reflected.encode(protojson.fromJson(reflected, json)).finish()),
          new Uint8Array(bytes),
        );
        const theirs = protojson.toJson(reflected, reflected.decode(bytes)) as Json;
        assert.deepEqual(normalised(messageToJson(SeldonMessage.decode(bytes))), normalised(theirs));
      }),
    );
  });

  it("never throws anything but TypeError and RangeError, whatever it reads", () => {
    const keys = fc.constantFrom(
      "data",
      "meta",
      "tags",
      "tensor",
      "ndarray",
      "tftensor",
      "values",
      "routing",
      "status",
      "x",
    );
    const anything = fc.letrec<{ json: Json }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 5 },
        fc.jsonValue() as fc.Arbitrary<Json>,
        fc.dictionary(keys, tie("json")) as fc.Arbitrary<Json>,
      ),
    }));
    fc.assert(
      fc.property(anything.json, (json) => {
        try {
          SeldonMessage.encode(messageFromJson(json)).finish();
        } catch (error) {
          assert.ok(error instanceof TypeError || error instanceof RangeError, String(error));
        }
      }),
    );
  });

  it("takes on the wire the deepest value that it reads", () => {
    const nested = (depth: number): Json =>
      JSON.parse(`${'[{"a":'.repeat(depth / 2)}1${"}]".repeat(depth / 2)}`) as Json;
    const deepest = nested(46);
    for (const json of [{ jsonData: deepest }, { data: { ndarray: deepest } }, { meta: { tags: { t: deepest } } }]) {
      const bytes = Feedback.encode(feedbackFromJson({ request: json })).finish();
      assert.deepEqual(feedbackToJson(Feedback.decode(bytes)), { request: json });
    }
    assert.throws(() => messageFromJson({ jsonData: nested(48) }), /nested deeper/);
  });

  it("writes what is no number in data.ndarray as null", () => {
    const ndarray = { values: [{ numberValue: Number.NaN }] };
    assert.deepEqual(messageToJson(SeldonMessage.create({ data: { ndarray } })), { data: { ndarray: [null] } });
  });

  it("names a field that does not exist", () => {
    assert.throws(() => messageFromJson({ dat: {} }), /SeldonMessage has no field "dat"/);
    assert.throws(() => messageFromJson({ data: { array: [] } }), /data has no field "array"/);
    assert.throws(() => messageFromJson({ data: { ndarray: 3 } }), /data.ndarray must be an array/);
    assert.throws(() => messageFromJson([1]), /the message must be an object/);
  });

  it("refuses what is nested too deep instead of overflowing the stack", () => {
    const deep = JSON.parse(`${"[".repeat(5000)}${"]".repeat(5000)}`) as Json;
    assert.throws(() => messageFromJson({ jsonData: deep }), /nested deeper than 46/);
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
