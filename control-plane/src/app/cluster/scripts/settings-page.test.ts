import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { format } from "prettier";
import { renderSettingsPage } from "./settings-page.ts";

test("docs/control-plane-settings.md says what the code says", async () => {
  const written = readFileSync(new URL("../../../../../docs/control-plane-settings.md", import.meta.url), "utf8");
  const expected = await format(renderSettingsPage(), { parser: "markdown", printWidth: 120 });
  assert.equal(written, expected, "it is out of date: run npm run docs");
});
