/** Writes docs/targets.md. Usage: node write-docs.ts */
import { writeFileSync } from "node:fs";
import { format } from "prettier";
import { renderTargetsPage } from "./targets-page.ts";

const page = new URL("../../../../docs/targets.md", import.meta.url);
writeFileSync(page, await format(renderTargetsPage(), { parser: "markdown", printWidth: 120 }));
