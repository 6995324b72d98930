import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dump } from "js-yaml";
import fc from "fast-check";
import type { FieldPath, SourceObject } from "../model.ts";
import { DEFAULT_MODEL_SETTINGS } from "../settings.ts";
import { parseText } from "./parse.ts";

const { limits } = DEFAULT_MODEL_SETTINGS;

function parse(text: string): readonly SourceObject[] {
  const { value, problems } = parseText({ file: "in.yaml", text }, limits);
  assert.deepEqual(problems, []);
  return value;
}

/** What stands in a text from a place on. */
function textAt(text: string, line: number, column: number): string {
  return (text.split(/\r\n|\r|\n/)[line - 1] ?? "").slice(column - 1);
}

function leafPaths(value: unknown, path: FieldPath = []): readonly FieldPath[] {
  if (typeof value !== "object" || value === null) return path.length === 0 ? [] : [path];
  const inner: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown, index) => [index, item] as const)
    : Object.entries(value);
  return inner.flatMap(([key, item]) => leafPaths(item, [...path, key]));
}

const key = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/).map((name) => `k${name}`);
const tree = fc.letrec((tie) => ({
  node: fc.oneof({ maxDepth: 4 }, fc.integer(), fc.boolean(), fc.string(), tie("list"), tie("map")),
  list: fc.array(tie("node"), { maxLength: 4 }),
  map: fc.dictionary(key, tie("node"), { minKeys: 1, maxKeys: 4 }),
}));

describe("parseText", () => {
  it("reads back any JSON value from JSON and from YAML", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { minKeys: 1 }), (value) => {
        const wanted: unknown = JSON.parse(JSON.stringify(value));
        for (const text of [JSON.stringify(value), JSON.stringify(value, undefined, 2)]) {
          assert.deepEqual(parse(text)[0]?.value, wanted);
        }
      }),
    );
    fc.assert(
      fc.property(tree.map, (value) => {
        assert.deepEqual(parse(dump(value, { noRefs: true }))[0]?.value, JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("reads half a surrogate pair as U+FFFD and a whole one as its character", () => {
    const [one] = parse(String.raw`{"a\ud800": ["\udc00x", "\ud83d\ude00"]}`);
    assert.deepEqual(one?.value, { "a\ufffd": ["\ufffdx", "\u{1f600}"] });
  });

  it("takes the last of two equal keys, as kubectl does, and says so", () => {
    const { value, problems } = parseText({ file: "in.yaml", text: "a: 1\nb: 2\na: 3\n" }, limits);
    assert.deepEqual(value[0]?.value, { a: 3, b: 2 });
    assert.deepEqual(
      problems.map(({ code, severity, position }) => [code, severity, position?.line]),
      [["KeyDuplicate", "warning", 3]],
    );
  });

  it("says once that a text is a template, in however many documents", () => {
    const text = "a: {{ .Values.a }}\nb: {{ .Values.b }}\n---\n{%- if x %}\nc: 1\n{% endif %}\n";
    const { problems } = parseText({ file: "in.yaml", text }, limits);
    assert.deepEqual(
      problems.map(({ code, position }) => [code, position]),
      [["TextNotYaml", { line: 1, column: 5 }]],
    );
  });

  it("finds each field where its key stands, in every notation, behind other documents", () => {
    const notations: readonly ((value: unknown) => string)[] = [
      (value) => dump(value, { noRefs: true, quoteStyle: "double" }),
      (value) => JSON.stringify(value),
      (value) => JSON.stringify(value, undefined, "\t"),
      (value) => dump(value, { noRefs: true }).replaceAll("\n", "\r\n"),
    ];
    fc.assert(
      fc.property(tree.map, fc.constantFrom(...notations), fc.integer({ min: 0, max: 3 }), (value, write, before) => {
        const text = `${"# a comment\na: 1\n---\n".repeat(before)}${write(value)}`;
        const object = parse(text)[before];
        for (const path of leafPaths(value)) {
          const position = object?.locate?.(path);
          const step = path.at(-1);
          assert.ok(position !== undefined);
          if (typeof step !== "string") continue;
          assert.match(textAt(text, position.line, position.column), new RegExp(`^"?${step}"?\\s*:`));
        }
      }),
    );
  });

  it("gives an absent field the place of its nearest parent", () => {
    const [object] = parse("a:\n  b:\n    - c: 1\n    - d\n");
    assert.deepEqual(object?.locate?.(["a", "x", "y"]), { line: 1, column: 1 });
    assert.deepEqual(object.locate(["a", "b", 0, "x"]), { line: 3, column: 7 });
    assert.deepEqual(object.locate(["a", "b", 7]), { line: 2, column: 3 });
    assert.deepEqual(object.locate(["a", "b", 1, "x"]), { line: 4, column: 7 });
  });

  it("applies merge keys: own keys win, of several maps the first", () => {
    const text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  c: 3\n  <<: [*x, *y]\n  a: 4\n";
    const [object] = parse(text);
    assert.deepEqual(object?.value, { x: { a: 1, b: 1 }, y: { b: 2, c: 2 }, z: { c: 3, b: 1, a: 4 } });
    assert.deepEqual(object.locate?.(["z", "b"]), { line: 1, column: 14 });
  });

  it("keeps directives with their document and reads what follows an end mark", () => {
    const values = parse("%YAML 1.2\n# note\n---\na: 1\n...\n---\nb: |\n  --- x\n---\n---\nc: 1\n").map(
      (one) => one.value,
    );
    assert.deepEqual(values, [{ a: 1 }, { b: "--- x\n" }, { c: 1 }]);
  });

  it("reads YAML's own tags, short and in full", () => {
    const text = "a: !!str 1\nb: !<tag:yaml.org,2002:int> 0x10\nc: !!map {d: !!seq [1]}\n";
    assert.deepEqual(parse(text)[0]?.value, { a: "1", b: 16, c: { d: [1] } });
  });

  it("reads a byte order mark and never sets a prototype", () => {
    const [object] = parse('\uFEFF{"__proto__": {"polluted": 1}, "a": 1}');
    assert.equal(Object.getPrototypeOf(object?.value), Object.prototype);
    assert.equal(Object.hasOwn(object?.value as object, "__proto__"), true);
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });

  it("stops at each limit with one problem", () => {
    const small = { ...limits, maxDocumentCharacters: 1000, maxFileCharacters: 2000, maxNodes: 50, maxNesting: 10 };
    const codes = (text: string): readonly string[] =>
      parseText({ file: "in.yaml", text }, small).problems.map((one) => one.code);
    assert.deepEqual(codes(`a: "${"x".repeat(1000)}"`), ["TextTooLarge"]);
    assert.deepEqual(codes("a: 1\n---\n".repeat(250)), ["TextTooLarge"]);
    assert.deepEqual(codes(`a: [${"1,".repeat(50)}]`), ["TextTooLarge"]);
    assert.deepEqual(codes(`${"[".repeat(20)}${"]".repeat(20)}`), ["TextTooLarge"]);
    assert.deepEqual(codes("a: &a [[[[[1]]]]]\nb: &b [[[[[*a]]]]]\n"), ["TextTooLarge"]);
    assert.deepEqual(codes("[".repeat(900)), ["TextTooLarge"]);
  });

  it("never throws, whatever the text", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...Array.from("{}[]:,-?&*!|>'\"%@`#~\n\t \r"),
        "---\n",
        "...",
        "<<: ",
        "&a ",
        "*a",
        "!!str ",
        "  ",
      ),
      fc.string({ maxLength: 4 }),
      fc.string({ unit: "binary", maxLength: 4 }),
    );
    const text = fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (one) => {
        const { value, problems } = parseText({ file: "in.yaml", text: one }, limits);
        assert.ok(value.length > 0 || problems.length > 0);
        for (const { position } of problems)
          assert.ok(position === undefined || (position.line > 0 && position.column > 0));
      }),
      { numRuns: 2000 },
    );
  });
});
