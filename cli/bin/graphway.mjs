#!/usr/bin/env node
// Runs the CLI on the Node that the project brings, whatever Node started this file (20 or newer).
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInOwnGroup } from "../../scripts/own-group.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const bundled = join(root, "node_modules", "node", "bin", "node");
const main = join(root, "cli", "main.ts");

if (existsSync(bundled)) {
  const env = { NODE_COMPILE_CACHE: join(root, ".graphway", "compile-cache"), ...process.env };
  process.exitCode = await runInOwnGroup(bundled, [main, ...process.argv.slice(2)], { env });
} else {
  console.error("graphway: needs Node 24.12 or newer; run `npm start` or `npm test` once, they bring it along");
  process.exitCode = 2;
}
