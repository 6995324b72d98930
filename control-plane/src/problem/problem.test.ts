import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PROBLEM_CODES } from "./codes.ts";
import { problem } from "./problem.ts";

describe("problem", () => {
  it("takes severity and hint from the table unless told", () => {
    const plain = problem("NameMissing", { message: "m" });
    assert.deepEqual([plain.severity, plain.hint], ["error", PROBLEM_CODES.NameMissing.hint]);
    const told = problem("NameMissing", { message: "m", severity: "warning", hint: "h" });
    assert.deepEqual([told.severity, told.hint], ["warning", "h"]);
  });

  it("cuts texts that nobody would read, never inside a character", () => {
    const message = `${"x".repeat(1999)}😀${"y".repeat(1e6)}`;
    const one = problem("NameMissing", { message, path: "p".repeat(5000), hint: "h".repeat(2000) });
    assert.equal(one.message, `${"x".repeat(1999)}\ufffd…`);
    assert.deepEqual([one.path.length, one.hint.length], [2001, 2000]);
  });
});
