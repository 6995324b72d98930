// `npm test`: sets up, then types, lint, format and every test. `npm test -- <file or folder>...` runs those tests alone.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { environment, node24, root, runMain, runToEnd, say, setUp } from "./setup.mjs";

const TEST_TIMEOUT_MS = 180_000;
const CONCURRENCY = 2;
const SKIPPED_FOLDERS = new Set(["node_modules", "build", ".graphway", ".git", "testdata"]);

function findTests(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .flatMap((entry) => {
      if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : findTests(join(path, entry.name));
      return entry.name.endsWith(".test.ts") ? [join(path, entry.name)] : [];
    })
    .sort();
}

const results = [];

async function phase(name, work) {
  const start = performance.now();
  const passed = await work();
  const seconds = (performance.now() - start) / 1000;
  results.push({ name, passed, seconds });
  say(`${name}: ${passed ? "ok" : "FAILED"} (${seconds.toFixed(1)} s)`);
}

async function node(env, ...args) {
  return (await runToEnd(node24, args, { env })) === 0;
}

async function checkStyle(env) {
  await phase("typecheck", () => node(env, "node_modules/typescript7/bin/tsc", "--noEmit", "-p", "tsconfig.json"));
  await Promise.all([
    phase("eslint", () => node(env, "node_modules/eslint/bin/eslint.js", ".")),
    phase("prettier", () => node(env, "node_modules/prettier/bin/prettier.cjs", "--check", "--log-level=warn", ".")),
  ]);
}

await runMain(async () => {
  const named = process.argv.slice(2);
  const missing = named.filter((path) => !existsSync(resolve(path)));
  if (missing.length > 0) {
    say(`no such test file or folder: ${missing.join(", ")}`);
    return 2;
  }
  let env = environment();
  await phase("set-up", async () => {
    const envoy = await setUp();
    env = { ...environment(), ENVOY_BIN: envoy.path };
    return true;
  });
  const installSeldonCore = join("scripts", "install-seldon-core.mjs");
  if (named.length === 0) {
    if (existsSync(join(root, installSeldonCore))) await phase("seldon-core", () => node(env, installSeldonCore));
    await checkStyle(env);
  }
  const files = (named.length > 0 ? named.map((path) => resolve(path)) : [root]).flatMap(findTests);
  if (files.length === 0) {
    say("found no *.test.ts there");
    return 2;
  }
  await phase(`tests in ${files.length} files`, () =>
    node(
      env,
      "--test",
      "--import=./scripts/property-seed.mjs",
      `--test-concurrency=${CONCURRENCY}`,
      `--test-timeout=${TEST_TIMEOUT_MS}`,
      ...files.map((file) => relative(root, file)),
    ),
  );
  const failed = results.filter((one) => !one.passed);
  say(failed.length === 0 ? "all passed" : `FAILED: ${failed.map((one) => one.name).join(", ")}`);
  return failed.length === 0 ? 0 : 1;
});
