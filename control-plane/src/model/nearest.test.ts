import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { findNearest } from "./nearest.ts";

describe("findNearest", () => {
  const known = ["modelUri", "implementation", "children", "seldon.io/istio-gateway", "SKLEARN_SERVER", "type"];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["modelURI", "modelUri"],
    ["model_uri", "modelUri"],
    ["childern", "children"],
    ["seldon.io/istio-gatway", "seldon.io/istio-gateway"],
    ["SKLERN_SERVER", "SKLEARN_SERVER"],
    ["tpye", "type"],
    ["shadow", undefined],
    ["", undefined],
  ];
  for (const [name, expected] of cases) {
    it(`${JSON.stringify(name)} is ${expected ?? "like none"}`, () => {
      assert.equal(findNearest(name, known), expected);
    });
  }

  it("compares neither very long names nor very many", () => {
    const long = "x".repeat(1_000_000);
    assert.equal(findNearest(`${long}y`, [long]), undefined);
    assert.equal(findNearest("xxxx", [long]), undefined);
    const many = Array.from({ length: 10_000 }, (_, index) => `none-${index}`);
    assert.equal(findNearest("abcdefgh", [...many, "abcdefg"]), undefined);
    assert.equal(findNearest("abcdefgh", [...many.slice(0, 50), "abcdefg"]), "abcdefg");
  });

  it("finds a name with one letter changed", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{6,20}$/), fc.nat(), fc.stringMatching(/^[a-z]$/), (name, place, letter) => {
        const at = place % name.length;
        assert.equal(findNearest(`${name.slice(0, at)}${letter}${name.slice(at + 1)}`, [name, "0123456789"]), name);
      }),
    );
  });
});
