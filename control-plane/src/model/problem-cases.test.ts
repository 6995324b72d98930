import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { load } from "js-yaml";
import { listProblemCases, outcomeOf, PROBLEM_CASES } from "./problem-cases-for-tests.ts";

describe("problems of manifests", () => {
  const names = listProblemCases();
  it("has the cases", () => {
    assert.ok(names.length >= 50, `${names.length} cases`);
  });
  for (const name of names) {
    it(name, () => {
      assert.deepEqual(outcomeOf(name), load(readFileSync(join(PROBLEM_CASES, name, "problems.yaml"), "utf8")));
    });
  }
});
