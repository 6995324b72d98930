/** Writes docs/helm-values.md and what the chart knows of its values. Usage: node write-docs.ts */
import { writeFileSync } from "node:fs";
import { generatedFiles } from "./generated.ts";

for (const [path, text] of await generatedFiles()) writeFileSync(path, text);
