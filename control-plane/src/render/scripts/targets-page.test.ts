import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { format } from "prettier";
import { renderTargetsPage } from "./targets-page.ts";

test("docs/targets.md says what the code says", async () => {
  const written = readFileSync(new URL("../../../../docs/targets.md", import.meta.url), "utf8");
  const expected = await format(renderTargetsPage(), { parser: "markdown", printWidth: 120 });
  assert.equal(written, expected, "it is out of date: run node control-plane/src/render/scripts/write-docs.ts");
});
