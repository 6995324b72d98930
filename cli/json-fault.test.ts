import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findJsonFault } from "./json-fault.ts";

const FAULTS: readonly (readonly [text: string, place: string, found: string])[] = [
  ["[[5.1,abc]]", "1:7", "abc"],
  ['{"data":\n  {"ndarray":[[1,2]}}', "2:20", "}"],
  ["[1", "1:3", ""],
  ["", "1:1", ""],
  ["[1,]", "1:4", "]"],
  ["{'a':1}", "1:2", "'"],
  ['{"a" 1}', "1:6", "1"],
  ['"a\n"', "1:1", '"'],
  ["[01]", "1:2", "01"],
  ["[1] 2", "1:5", "2"],
  ["[\u{1f600}]", "1:2", "\u{1f600}"],
];

for (const [text, place, found] of FAULTS) {
  test(`${JSON.stringify(text)} goes wrong at ${place}`, () => {
    const fault = findJsonFault(text);
    assert.ok(fault !== undefined);
    assert.deepEqual([`${fault.line}:${fault.column}`, fault.found], [place, found]);
  });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("agrees with JSON.parse about what is JSON, also where a text was damaged", () => {
  const character = fc.constantFrom(...Array.from('[]{}:,"\\1.-+e0tn \n\t\u0001a'));
  const damaged = fc.tuple(fc.json(), fc.nat(), fc.nat(2), fc.string({ unit: character, maxLength: 2 }));
  fc.assert(
    fc.property(damaged, ([json, at, cut, added]) => {
      const place = at % (json.length + 1);
      const text = json.slice(0, place) + added + json.slice(place + cut);
      assert.equal(findJsonFault(text) === undefined, isJson(text), text);
      assert.equal(findJsonFault(json), undefined);
    }),
    { numRuns: 2000 },
  );
});
