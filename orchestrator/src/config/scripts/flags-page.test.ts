import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { format } from "prettier";
import { VARIABLES } from "../variable-table.ts";
import { renderFlagsPage } from "./flags-page.ts";

const source = join(import.meta.dirname, "..", "..");
const TABLE = join("config", "variable-table.ts");
/** Read by a library of theirs, so that no line of ours names them. */
const READ_BY_OTHERS = new Set(["OTEL_EXPORTER_OTLP_HEADERS"]);

describe("docs/orchestrator-flags.md", () => {
  it("says what the code says", async () => {
    const written = readFileSync(new URL("../../../../docs/orchestrator-flags.md", import.meta.url), "utf8");
    const expected = await format(renderFlagsPage(), { parser: "markdown", printWidth: 120 });
    assert.equal(written, expected, "it is out of date: run node orchestrator/src/config/scripts/write-docs.ts");
  });

  it("knows every environment variable that is read, and no other", () => {
    const read = new Set<string>();
    for (const file of globSync("**/*.ts", { cwd: source })) {
      if (file.endsWith(".test.ts") || file === TABLE || file.includes("tests")) continue;
      const text = readFileSync(join(source, file), "utf8");
      const names =
        /\benv\["([A-Z_0-9]+)"\]|"((?:SELDON|JAEGER|OTEL|KAFKA|GRAPHWAY)_[A-Z_0-9]+)"|\b(JAEGER_(?:USER|PASSWORD)):/g;
      for (const [, indexed, named, taken] of text.matchAll(names)) read.add(indexed ?? named ?? taken ?? "");
    }
    const known = Object.entries(VARIABLES)
      .filter(([name, { isIgnored }]) => isIgnored !== true && !READ_BY_OTHERS.has(name))
      .map(([name]) => name);
    assert.deepEqual([...read].sort(), known.sort());
  });
});
