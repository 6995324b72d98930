/** Writes docs/annotations.md, node-parameters.md, problems.md and route-policy-fields.md. Usage: node write-docs.ts */
import { writeFileSync } from "node:fs";
import { format } from "prettier";
import { renderAnnotationsPage, renderNodeParametersPage, renderProblemsPage } from "./docs-pages.ts";
import { renderRoutePolicyPage } from "./route-policy-page.ts";

const DOCS = new URL("../../../../docs/", import.meta.url);

for (const [name, text] of [
  ["annotations.md", renderAnnotationsPage()],
  ["node-parameters.md", renderNodeParametersPage()],
  ["problems.md", renderProblemsPage()],
  ["route-policy-fields.md", renderRoutePolicyPage()],
] as const) {
  writeFileSync(new URL(name, DOCS), await format(text, { parser: "markdown", printWidth: 120 }));
}
