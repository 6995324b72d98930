import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { seldon } from "#proto/gen/seldon.js";
import { decodeMessage } from "../codec/seldon-codec.ts";
import { firstElement } from "./first-element.ts";
import { routeOf } from "./seldon-route.ts";

const { SeldonMessage, DefaultData } = seldon.protos;

type Message = seldon.protos.SeldonMessage.$Properties;
type Data = seldon.protos.DefaultData.$Properties;

function encoded(message: Message): Buffer {
  return Buffer.from(SeldonMessage.encode(message).finish());
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const names = fc.array(fc.string({ maxLength: 5 }), { maxLength: 2 });
const around = fc.record(
  { meta: fc.record({ puid: fc.string() }), status: fc.record({ code: fc.nat() }) },
  { requiredKeys: [] },
);
const asValue = (numberValue: number) => ({ numberValue });

describe("firstElement", () => {
  it("finds what decoding finds", () => {
    const row = fc.array(finite, { minLength: 1, maxLength: 4 });
    const data: fc.Arbitrary<Data> = fc.oneof(
      row.map((values) => ({ tensor: { shape: [1, values.length], values } })),
      row.map((values) => ({ ndarray: { values: values.map(asValue) } })),
      row.map((values) => ({ ndarray: { values: [{ listValue: { values: values.map(asValue) } }] } })),
    );
    fc.assert(
      fc.property(around, names, data, (more, withNames, content) => {
        const message = encoded({ ...more, data: { names: withNames, ...content } });
        const found = firstElement(message);
        assert.ok(found !== undefined);
        assert.equal(Math.trunc(found), routeOf("r", decodeMessage(message)));
      }),
    );
  });

  it("reads doubles that are not packed", () => {
    const tensor = Buffer.from([0x11, ...doubleBytes(3), 0x11, ...doubleBytes(4)]);
    assert.equal(firstElement(wrapped(Buffer.concat([Buffer.from([0x12, tensor.length]), tensor]))), 3);
  });

  it("leaves to decoding what is not plainly a number", () => {
    const one = { tensor: { shape: [1], values: [1] } };
    const cases: readonly Buffer[] = [
      Buffer.alloc(0),
      Buffer.from("garbage"),
      encoded({ strData: "1" }),
      encoded({ binData: Buffer.from([1]) }),
      encoded({ data: {} }),
      encoded({ data: { tensor: { shape: [], values: [] } } }),
      encoded({ data: { ndarray: { values: [] } } }),
      encoded({ data: { ndarray: { values: [{ stringValue: "1" }] } } }),
      encoded({ data: { ndarray: { values: [{ listValue: { values: [] } }] } } }),
      encoded({ data: { ndarray: { values: [nested(nested(asValue(1)))] } } }),
      encoded({ data: { tftensor: { intVal: [1] } } }),
      // The last of several wins, or they are merged.
      Buffer.concat([encoded({ data: one }), encoded({ strData: "x" })]),
      Buffer.concat([encoded({ data: one }), encoded({ data: one })]),
      wrapped(Buffer.concat([dataOf(one), dataOf({ ndarray: { values: [asValue(2)] } })])),
      // Seven bytes are no double, and a length goes beyond its message.
      wrapped(Buffer.from([0x12, 9, 0x12, 7, 0, 0, 0, 0, 0, 0, 0])),
      wrapped(Buffer.from([0x12, 9, 0x12, 70, 0, 0, 0, 0, 0, 0, 0])),
    ];
    for (const message of cases) assert.equal(firstElement(message), undefined, message.toString("hex"));
  });
});

const nested = (value: seldon.protos.SeldonMessage.$Properties | object) => ({ listValue: { values: [value] } });

function dataOf(data: Data): Buffer {
  return Buffer.from(DefaultData.encode(data).finish());
}

/** An encoded DefaultData as the data of a SeldonMessage. */
function wrapped(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x1a, data.length]), data]);
}

function doubleBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}
