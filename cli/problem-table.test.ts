import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { problem } from "../control-plane/src/problem/problem.ts";
import { formatProblemTable } from "./problem-table.ts";

describe("formatProblemTable", () => {
  it("is empty without problems", () => {
    assert.equal(formatProblemTable([]), "");
  });

  it("shows control characters of manifests as codes", () => {
    const one = problem("FieldWrong", { object: "a\u001b[31m/b", message: "first\nsecond\u2028", hint: "\u007f" });
    const text = formatProblemTable([one]);
    assert.equal(text.split("\n").length, 1);
    assert.match(text, /a\\u001b\[31m\/b +first\\u000asecond\\u2028 {2}\\u007f$/);
  });
});
