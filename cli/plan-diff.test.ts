import assert from "node:assert/strict";
import { test } from "node:test";
import { comparePlans } from "../control-plane/src/render/compare/compare-plans.ts";
import { planFor } from "../control-plane/src/render/xds/plans-for-tests.ts";
import { describeDifference } from "./plan-diff.ts";

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
