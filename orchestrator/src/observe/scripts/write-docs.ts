/** Writes docs/metrics.md. Usage: node write-docs.ts */
import { writeFileSync } from "node:fs";
import { format } from "prettier";
import { renderMetricsPage } from "./metrics-page.ts";

const PAGE = new URL("../../../../docs/metrics.md", import.meta.url);

writeFileSync(PAGE, await format(renderMetricsPage(), { parser: "markdown", printWidth: 120 }));
