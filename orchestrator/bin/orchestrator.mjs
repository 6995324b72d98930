#!/usr/bin/env node
// Starts the orchestrator; compiled code is kept between starts, which halves what a start costs.
import * as modules from "node:module"; // as a whole: an older Node would end at the names it does not have
import { clearInterval, setInterval } from "node:timers";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Room for young objects. More is no faster here, as requests leave few that live; left alone V8 takes 100 MB. */
const YOUNG_BYTES = 4 << 20;

/**
 * How far the heap may grow before all of it is collected, in per cent of what lived last time. Large bodies in flight
 * count as part of it, so that a small heap is collected over and over for bodies that are freed without that.
 */
const GROWTH_PERCENT = 300;

if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`the orchestrator needs Node 24 or newer, and this is ${process.version}; try npx node …\n`);
  process.exit(1);
}
modules.enableCompileCache();
setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
const { main } = await import("../src/main.ts");
const limit = setInterval(() => {
  const young = getHeapSpaceStatistics().find((one) => one.space_name === "new_space")?.space_size ?? 0;
  if (young < YOUNG_BYTES) return;
  // V8 reads this option each time it could grow.
  setFlagsFromString("--semi-space-growth-factor=1");
  clearInterval(limit);
}, 20).unref();
await main(process.argv.slice(2));
// Now, not at exit: a process that is killed has helped the next one all the same.
modules.flushCompileCache();
