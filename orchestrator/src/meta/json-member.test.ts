import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { locateMember, readMember, setMember } from "./json-member.ts";

const NEW = Buffer.from('{"puid":"new"}');

/** The member read, and the text with it set, as bytes. */
function splice(text: string | Buffer): { readonly read: unknown; readonly text: string } | undefined {
  const json = Buffer.from(text);
  const place = locateMember(json, "meta");
  if (place === undefined) return undefined;
  return { read: readMember(json, place), text: Buffer.concat(setMember(json, place, NEW)).toString("utf8") };
}

const texts = fc.oneof(
  fc.constantFrom(
    "meta",
    '"meta"',
    '\\"meta\\":{',
    "data",
    "Meta",
    "metadata",
    'a"meta',
    "meta\\",
    "\\",
    '"',
    "é",
    "𝄞",
  ),
  fc.string({ unit: "grapheme" }),
);

/** A string of JSON in one of the ways it can be written: letters as themselves or escaped. */
function write(text: string, escapes: readonly boolean[]): string {
  const parts = Array.from(text).map((one, i) =>
    escapes[i % escapes.length] === true && one.length === 1
      ? `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`
      : JSON.stringify(one).slice(1, -1),
  );
  return `"${parts.join("")}"`;
}

const escapes = fc.array(fc.boolean(), { minLength: 1, maxLength: 5 });
const written = fc.tuple(texts, escapes).map(([text, all]) => write(text, all));
/** Without backslashes: V8 13.6, the oracle, takes one key for another when two of one shape have them. */
const key = fc.tuple(texts, escapes).map(([text, all]) => write(text.replaceAll("\\", "/"), all));

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);
const scalar = fc.oneof(
  fc.constantFrom("12345678901234567890", "1.0", "-0", "1e400", "0.1e-7", "true", "false", "null", "{}", "[]"),
  written,
);

/** JSON text by hand, so that it keeps what a parser would lose: spaces, digits, escapes, names that stand twice. */
const { object } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    tie("object"),
    fc
      .array(fc.tuple(space, tie("value"), space), { maxLength: 4 })
      .map((all) => `[${all.map((one) => one.join("")).join(",")}]`),
  ),
  object: fc
    .tuple(
      space,
      fc.array(
        fc
          .tuple(space, fc.oneof(key, fc.constant('"meta"')), space, space, tie("value"), space)
          .map(([before, key, a, b, value, after]) => `${before}${key}${a}:${b}${value}${after}`),
        { maxLength: 5 },
      ),
    )
    .map(([empty, members]) => `{${members.length === 0 ? empty : members.join(",")}}`),
}));

describe("a member of a JSON object in bytes", () => {
  it("is what full parsing says, and setting it changes nothing else", () => {
    fc.assert(
      fc.property(object, space, space, fc.boolean(), (text, before, after, hasMark) => {
        const found = splice(`${hasMark ? "\ufeff" : ""}${before}${text}${after}`);
        assert.ok(found, text);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        assert.deepEqual(found.read, parsed["meta"]);
        const expected = Object.fromEntries(Object.entries({ ...parsed, meta: { puid: "new" } }));
        assert.deepEqual(JSON.parse(found.text.replace("\ufeff", "")), expected);
      }),
      { numRuns: 2000 },
    );
  });

  it("leaves every byte outside its values as it was", () => {
    fc.assert(
      fc.property(object, (text) => {
        const json = Buffer.from(text);
        const place = locateMember(json, "meta");
        assert.ok(place);
        const outside = place.values.reduceRight(
          (rest, { from, to }) => Buffer.concat([rest.subarray(0, from), rest.subarray(to)]),
          json,
        );
        const set = Buffer.concat(setMember(json, place, Buffer.alloc(0)));
        const inserted = `"meta":${place.isEmptyObject ? "" : ","}`;
        const expected = place.values.length > 0 ? outside.toString("utf8") : text.replace("{", `{${inserted}`);
        assert.equal(set.toString("utf8"), expected);
      }),
      { numRuns: 1000 },
    );
  });

  it("is found from either end, whatever lies on the way", () => {
    fc.assert(
      fc.property(object, written, fc.boolean(), (text, other, isFirst) => {
        const filler = `"z":[${other},${text}]`;
        const meta = '"meta" : {"tags":{"x":1}}';
        // What is on the way may hold the name as well; then every member is read.
        const body = isFirst ? `{${meta},${filler}}` : `{${filler},${meta}}`;
        assert.deepEqual(splice(body)?.read, { tags: { x: 1 } });
      }),
      { numRuns: 1000 },
    );
  });

  it("is nowhere in what is cut off or is no object; nothing throws", () => {
    fc.assert(
      fc.property(object, fc.nat(), (text, at) => {
        const json = Buffer.from(text);
        const cut = json.subarray(0, at % json.length);
        const place = locateMember(cut, "meta");
        if (place === undefined) return;
        // It ends with a bracket by chance: what comes back lies inside it.
        for (const { from, to } of place.values) assert.ok(0 < from && from < to && to < cut.length);
        readMember(cut, place);
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const json = Buffer.from(bytes);
        const place = locateMember(json, "meta");
        if (place !== undefined) setMember(json, place, NEW);
      }),
    );
    const tokens = fc.constantFrom('"meta"', '"', "\\", "{", "}", "[", "]", ":", ",", " ", "1", "\\u006d", "x");
    fc.assert(
      fc.property(fc.array(tokens, { maxLength: 30 }), (parts) => {
        const json = Buffer.from(`{${parts.join("")}}`);
        const place = locateMember(json, "meta");
        if (place === undefined) return;
        for (const { from, to } of place.values) assert.ok(0 < from && from < to && to < json.length);
        readMember(json, place);
      }),
      { numRuns: 3000 },
    );
    for (const text of ["", " ", "[]", "1", '"meta"', "{", "}", '{"meta"', '{"meta":', "null", "\ufeff"]) {
      assert.equal(splice(text), undefined, text);
    }
  });

  it("goes by the keys of the outermost object only", () => {
    const spliced = (text: string) => splice(text)?.text;
    assert.equal(spliced("{}"), '{"meta":{"puid":"new"}}');
    assert.equal(spliced('{ "a":1}'), '{"meta":{"puid":"new"}, "a":1}');
    assert.equal(spliced('{"a":{"meta":1}}'), '{"meta":{"puid":"new"},"a":{"meta":1}}');
    assert.equal(spliced('{"a":"meta"}'), '{"meta":{"puid":"new"},"a":"meta"}');
    assert.equal(spliced('{"a":"\\"meta\\":2"}'), '{"meta":{"puid":"new"},"a":"\\"meta\\":2"}');
    assert.equal(spliced('{"\\u006deta":1,"n":1.0}'), '{"\\u006deta":{"puid":"new"},"n":1.0}');
    assert.equal(spliced('{"meta":1,"n":2, "meta" : [3]}'), '{"meta":{"puid":"new"},"n":2, "meta" : {"puid":"new"}}');
    assert.equal(spliced('{"n":12345678901234567890,"meta":null}'), '{"n":12345678901234567890,"meta":{"puid":"new"}}');
  });

  it("is found in long strings with escapes at every distance", () => {
    for (let length = 40; length < 60; length += 1) {
      for (const tail of ["\\\\", '\\"', '\\\\\\"']) {
        const long = `"${"x".repeat(length)}${tail}"`;
        for (const body of [
          `{"s":${long},"meta":7}`,
          `{"meta":7,"s":${long}}`,
          `{"s":${long},"meta":7,"t":[${long}]}`,
        ]) {
          assert.equal(splice(body)?.read, 7, body);
        }
      }
    }
  });
});
