/** Writes the CustomResourceDefinitions into the Helm chart. Usage: node write-crds.ts */
import { mkdirSync, writeFileSync } from "node:fs";
import { CRD_FOLDER, renderCrdFiles } from "./crd-files.ts";

mkdirSync(CRD_FOLDER, { recursive: true });
for (const { name, text } of renderCrdFiles()) writeFileSync(new URL(name, CRD_FOLDER), text);
