import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { problem } from "../control-plane/src/problem/problem.ts";
import { formatProblems } from "./problem-list.ts";

const HERE = { file: "a.yaml", position: { line: 3, column: 5 } };

describe("formatProblems", () => {
  it("is empty without problems", () => {
    assert.equal(formatProblems([]), "");
  });

  it("says where and what, about which field, and what to do", () => {
    const details = { ...HERE, object: "default/one", path: "spec", message: "it is wrong", hint: "mend it" };
    const list = [problem("FieldWrong", details), problem("FieldUnknown", { message: "odd", hint: "look" })];
    assert.equal(
      formatProblems(list),
      "a.yaml:3:5: error: it is wrong\n    default/one  spec\n    -> mend it\nwarning: odd\n    -> look",
    );
  });

  it("breaks long lines between words and leaves long words whole", () => {
    const message = `one two three four ${"x".repeat(50)} five`;
    const one = problem("FieldWrong", { ...HERE, message, hint: "do this, then do that, and then the rest" });
    assert.deepEqual(formatProblems([one], 32).split("\n"), [
      "a.yaml:3:5: error: one two three",
      "    four",
      `    ${"x".repeat(50)}`,
      "    five",
      "    -> do this, then do that,",
      "        and then the rest",
    ]);
  });

  it("shows control characters of manifests as codes", () => {
    const one = problem("FieldWrong", { object: "a\u001b[31m/b", message: "first\nsecond\u2028", hint: "\u007f" });
    assert.equal(formatProblems([one]), "error: first\\u000asecond\\u2028\n    a\\u001b[31m/b\n    -> \\u007f");
  });
});
