import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { execPath } from "node:process";
import { test } from "node:test";
import { problem } from "../control-plane/src/problem/problem.ts";
import { comparePlans, type DeploymentDifference } from "../control-plane/src/render/compare/compare-plans.ts";
import { planFor } from "../control-plane/src/render/xds/plans-for-tests.ts";
import { describeDifference, isDoubtful } from "./plan-diff.ts";
import { inputOf, ROOT } from "./outcome-for-tests.ts";

test("a difference in words", () => {
  const before = planFor("iris", { main: 1, canary: 1 });
  const after = planFor("iris", { main: 1 }, { canary: 5 });
  const text = comparePlans([before, planFor("old", { main: 1 })], [after], 1000)
    .map(describeDifference)
    .join("");
  assert.match(text, /^seldon\/iris\n {2}\d+\.?\d* % of keys move \(of 1000 asked\)\n {4}canary -> main: \d/);
  assert.match(text, /^ {2}shadow canary: added$/m);
  assert.match(text, /^ {2}split: main 50 %, canary 50 % -> main 100 %$/m);
  assert.match(text, /^seldon\/old: removed$/m);
});

test("parts in words, and nothing where there was nothing", () => {
  const before = planFor("iris", { main: 1 });
  const after = planFor("iris", { main: 1 }, {}, { deadline: { defaultMs: 2000, maxMs: 9000 }, fallback: ["main"] });
  const text = comparePlans([before], [after], 10).map(describeDifference).join("");
  assert.match(text, /^ {2}deadline: nothing -> \{defaultMs: 2000, maxMs: 9000\}$/m);
  assert.match(text, /^ {2}fallback: nothing -> \[main\]$/m);
});

test("a deployment that is missing where there are errors is not called removed or added", () => {
  const plans = [planFor("iris", { main: 1 })];
  const error = problem("TextNotYaml", { message: "it is none" });
  const warning = problem("TextEmpty", { message: "it is empty" });
  const [removed] = comparePlans(plans, [], 10);
  const [added] = comparePlans([], plans, 10);
  const [same] = comparePlans(plans, plans, 10);
  assert.ok(removed !== undefined && added !== undefined && same !== undefined);
  const doubtful = (one: DeploymentDifference): readonly boolean[] => [
    isDoubtful(one, [error], []),
    isDoubtful(one, [], [error]),
    isDoubtful(one, [warning], [warning]),
  ];
  assert.deepEqual([removed, added, same].map(doubtful), [
    [false, true, false],
    [true, false, false],
    [false, false, false],
  ]);
});

test("graphway plan --diff says so of a broken edit", () => {
  const words = ["cli/main.ts", "plan", "--diff", inputOf("canary"), "-"];
  const { status, stdout, stderr } = spawnSync(execPath, words, { cwd: ROOT, encoding: "utf8", input: "kind: [" });
  assert.deepEqual([status, stdout], [1, "seldon/example: not compared, because of the errors\n"]);
  assert.match(stderr, /^standard input:1:\d+: error: this is not YAML or JSON/);
});
