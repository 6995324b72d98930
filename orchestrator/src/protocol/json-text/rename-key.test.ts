import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { renameKey, type Renaming } from "./rename-key.ts";
import { JsonTextError } from "./scan.ts";

const RENAMING: Renaming = {
  keeps: ["instances", "inputs"],
  renames: [
    ["predictions", "instances"],
    ["outputs", "inputs"],
  ],
};

/** What a reader of the whole text would make of it. */
function expected(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  if (RENAMING.keeps.some((key) => Object.hasOwn(object, key))) return object;
  for (const [from, to] of RENAMING.renames) {
    if (!Object.hasOwn(object, from)) continue;
    return Object.fromEntries(Object.entries(object).map(([key, value]) => [key === from ? to : key, value]));
  }
  return undefined;
}

const names = ["outputs", "predictions", "inputs", "instances", 'out"puts', "\\outputs", "o", "é", "__proto__"];
const name = fc.oneof(fc.constantFrom(...names), fc.string());
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<unknown>(null, true, false, '"outputs":', "outputs", "inputs", "\\", '"', "[{"),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (Object.is(one, -0) ? 0 : one)),
    fc.array(tie("value")),
    fc.dictionary(name, tie("value")),
  ),
}));
const object = fc.dictionary(
  fc.oneof({ weight: 2, arbitrary: fc.constantFrom("outputs", "id", "model_name") }, { weight: 1, arbitrary: name }),
  json.value,
);
const space = fc.constantFrom(undefined, 1, "\t", "\r\n ");

describe("renameKey", () => {
  it("does what a reader of the whole text would", () => {
    fc.assert(
      fc.property(object, space, (value, indent) => {
        const plain = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
        const text = Buffer.from(JSON.stringify(plain, undefined, indent));
        const renamed = renameKey(text, RENAMING);
        const wanted = expected(plain);
        assert.deepEqual(renamed === undefined ? undefined : JSON.parse(renamed.toString()), wanted);
        if (wanted === plain) assert.equal(renamed, text, "kept as it is");
      }),
      { numRuns: 500 },
    );
  });

  it("leaves every other byte: numbers, spaces, order, escapes", () => {
    const text = '{ "id" : "a\\u0041", "outputs"\n:[9007199254740993, 1.10e+05 ],"z":"\\"outputs\\":"}';
    assert.equal(renameKey(Buffer.from(text), RENAMING)?.toString(), text.replace('"outputs"\n', '"inputs"\n'));
  });

  it("knows a key that is written with escapes, and all copies of a key", () => {
    assert.equal(renameKey(Buffer.from('{"\\u006futputs":1}'), RENAMING)?.toString(), '{"inputs":1}');
    assert.equal(renameKey(Buffer.from('{"outputs":1,"outputs":2}'), RENAMING)?.toString(), '{"inputs":1,"inputs":2}');
    const kept = Buffer.from('{"outputs":1,"inp\\u0075ts":2}');
    assert.equal(renameKey(kept, RENAMING), kept);
  });

  it("takes only keys of the outermost object", () => {
    for (const text of [
      '{"a":{"outputs":1}}',
      '{"a":[{"outputs":1}]}',
      '{"a":"outputs"}',
      '{"a":"b","c":["outputs"]}',
    ]) {
      assert.equal(renameKey(Buffer.from(text), RENAMING), undefined, text);
    }
  });

  it("refuses what is nested beyond reason", () => {
    const deep = `{"a\\u0041":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
    assert.throws(() => renameKey(Buffer.from(deep), RENAMING), /deeper than 10000 levels/);
  });

  it("refuses what is no object", () => {
    for (const text of [
      "",
      "[]",
      '[{"outputs":1}]',
      "1",
      '"outputs"',
      "{",
      '{"outputs"',
      '{"a":1',
      '{"a":]}',
      "{a:1}",
      '{"a":1,}',
    ]) {
      assert.throws(() => renameKey(Buffer.from(text), RENAMING), JsonTextError, text);
    }
  });
});
