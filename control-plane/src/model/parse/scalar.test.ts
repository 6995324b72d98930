import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { resolvePlain, resolveTagged } from "./scalar.ts";

describe("plain scalars, as kubectl reads them", () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ["yes", true],
    ["Off", false],
    ["y", "y"],
    ["~", null],
    ["", null],
    ["017", 15],
    ["0o17", 15],
    ["0x1F", 31],
    ["-0b101", -5],
    ["018", 18],
    ["1_000", 1000],
    ["+7", 7],
    ["1e3", 1000],
    [".5", 0.5],
    ["1.", 1],
    ["1e999", "1e999"],
    [".inf", ".inf"],
    [".NaN", ".NaN"],
    ["1.2.3", "1.2.3"],
    ["2020-01-01", "2020-01-01"],
    ["1:30", "1:30"],
    ["100m", "100m"],
    ["-", "-"],
    ["0", 0],
  ];
  for (const [text, expected] of cases) {
    it(JSON.stringify(text), () => {
      assert.equal(resolvePlain(text), expected);
    });
  }
});

describe("tagged scalars", () => {
  const cases: readonly (readonly [string, string, unknown])[] = [
    ["!!str", "1", "1"],
    ["!", "true", "true"],
    ["!!int", "12", 12],
    ["!!int", "1.5", undefined],
    ["!!float", "1.5", 1.5],
    ["!!bool", "on", true],
    ["!!bool", "maybe", undefined],
    ["!!null", "", null],
    ["!!binary", "aGk=", "hi"],
    ["!!binary", "?", undefined],
    ["!custom", "x", undefined],
  ];
  for (const [tag, text, expected] of cases) {
    it(`${tag} ${text}`, () => {
      assert.equal(resolveTagged(tag, text), expected);
    });
  }
});
