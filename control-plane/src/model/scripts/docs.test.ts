import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { format } from "prettier";
import { renderAnnotationsPage, renderNodeParametersPage, renderProblemsPage } from "./docs-pages.ts";
import { renderRoutePolicyPage } from "./route-policy-page.ts";

const DOCS = new URL("../../../../docs/", import.meta.url);
const HINT = "docs are out of date: run node control-plane/src/model/scripts/write-docs.ts";

describe("generated docs", () => {
  for (const [name, render] of [
    ["annotations.md", renderAnnotationsPage],
    ["node-parameters.md", renderNodeParametersPage],
    ["problems.md", renderProblemsPage],
    ["route-policy-fields.md", renderRoutePolicyPage],
  ] as const) {
    it(`${name} says what the code says`, async () => {
      const expected = await format(render(), { parser: "markdown", printWidth: 120 });
      assert.equal(readFileSync(new URL(name, DOCS), "utf8"), expected, HINT);
    });
  }
});
