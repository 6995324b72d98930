import assert from "node:assert/strict";
import { test } from "node:test";
import { showDifference } from "./difference.ts";
import { checkCase, listCases } from "./golden-case.ts";

const cases = await listCases();

test("there are cases", () => {
  assert.ok(cases.length >= 20, `${cases.length} cases`);
});

for (const name of cases) {
  test(`case ${name}`, async () => {
    const differences = await checkCase(name);
    const shown = differences.map(showDifference).join("\n\n");
    assert.equal(differences.length, 0, `${shown}\n\nif that is right: npm run golden -- ${name} --update`);
  });
}
