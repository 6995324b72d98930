import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { format } from "prettier";
import { renderMetricsPage } from "./metrics-page.ts";

it("docs/metrics.md says what the code says", async () => {
  const written = readFileSync(new URL("../../../../docs/metrics.md", import.meta.url), "utf8");
  const expected = await format(renderMetricsPage(), { parser: "markdown", printWidth: 120 });
  assert.equal(written, expected, "it is out of date: run node orchestrator/src/observe/scripts/write-docs.ts");
});
