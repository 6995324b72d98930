/** Writes docs/control-plane-settings.md. Usage: node write-docs.ts */
import { writeFileSync } from "node:fs";
import { format } from "prettier";
import { renderSettingsPage } from "./settings-page.ts";

const page = new URL("../../../../../docs/control-plane-settings.md", import.meta.url);
writeFileSync(page, await format(renderSettingsPage(), { parser: "markdown", printWidth: 120 }));
