// Loaded before each test file: property tests draw the same cases in every run, so that a change passes or fails by what it
// changes and not by luck. New cases are looked for on purpose: `GRAPHWAY_SEED=random npm test`, or a number that a failure named.
import { readFileSync } from "node:fs";

const DEFAULT_SEED = 20_231_122;

function seedOf(text) {
  if (text === undefined || text === "") return DEFAULT_SEED;
  const seed = Number(text);
  if (!Number.isInteger(seed)) throw new Error(`GRAPHWAY_SEED is ${JSON.stringify(text)}: a whole number or "random"`);
  return seed;
}

/** Loading the library takes longer than most tests run: only those that use it pay. */
function usesProperties(file) {
  return file?.endsWith(".test.ts") && readFileSync(file, "utf8").includes('from "fast-check"');
}

if (process.env.GRAPHWAY_SEED !== "random" && usesProperties(process.argv[1])) {
  const { configureGlobal } = await import("fast-check");
  configureGlobal({ seed: seedOf(process.env.GRAPHWAY_SEED) });
}
