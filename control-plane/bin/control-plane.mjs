#!/usr/bin/env node
// Starts the control plane; compiled code is kept between starts, which halves what a start costs.
import * as modules from "node:module"; // as a whole: an older Node would end at the names it does not have

if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`the control plane needs Node 24 or newer, and this is ${process.version}; try npx node …\n`);
  process.exit(1);
}
modules.enableCompileCache();
const { main } = await import("../src/app/cluster/main.ts");
await main(process.argv.slice(2));
// Now, not at exit: a process that is killed has helped the next one all the same.
modules.flushCompileCache();
