#!/usr/bin/env node
// Runs the CLI on the Node that the project brings, whatever Node started this file (20 or newer). In a fresh clone it sets
// the project up first; Envoy comes with `run`, which alone needs it.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInOwnGroup } from "../../scripts/own-group.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const bundled = join(root, "node_modules", "node", "bin", "node");
const main = join(root, "cli", "main.ts");
/** What the last step of a set-up makes: packages, Node and generated code stand when it does. */
const built = join(root, "build", "filter", "filter.wasm");

async function start() {
  const env = { NODE_COMPILE_CACHE: join(root, ".graphway", "compile-cache"), ...process.env };
  return runInOwnGroup(bundled, [main, ...process.argv.slice(2)], { env });
}

if (existsSync(bundled) && existsSync(built)) process.exitCode = await start();
else {
  const { prepareCommands, runMain } = await import("../../scripts/setup.mjs");
  await runMain(async () => {
    await prepareCommands();
    return start();
  });
}
