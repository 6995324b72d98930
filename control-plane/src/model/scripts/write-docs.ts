/** Writes docs/annotations.md, docs/node-parameters.md and docs/problems.md. Usage: node write-docs.ts */
import { writeFileSync } from "node:fs";
import { format } from "prettier";
import { renderAnnotationsPage, renderNodeParametersPage, renderProblemsPage } from "./docs-pages.ts";

const DOCS = new URL("../../../../docs/", import.meta.url);

for (const [name, text] of [
  ["annotations.md", renderAnnotationsPage()],
  ["node-parameters.md", renderNodeParametersPage()],
  ["problems.md", renderProblemsPage()],
] as const) {
  writeFileSync(new URL(name, DOCS), await format(text, { parser: "markdown", printWidth: 120 }));
}
