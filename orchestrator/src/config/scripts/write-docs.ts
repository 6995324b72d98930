/** Writes docs/orchestrator-flags.md. Usage: node write-docs.ts */
import { writeFileSync } from "node:fs";
import { format } from "prettier";
import { renderFlagsPage } from "./flags-page.ts";

const page = new URL("../../../../docs/orchestrator-flags.md", import.meta.url);
writeFileSync(page, await format(renderFlagsPage(), { parser: "markdown", printWidth: 120 }));
