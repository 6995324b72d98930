// `npm run e2e`: sets up, then runs the scenarios on a real cluster. Arguments go to e2e/main.ts.
import { join } from "node:path";
import { environment, node24, root, runMain, runToEnd, setUp } from "../scripts/setup.mjs";

await runMain(async () => {
  const envoy = await setUp();
  const env = { ...environment(), ENVOY_BIN: envoy.path };
  return runToEnd(node24, [join(root, "e2e", "main.ts"), ...process.argv.slice(2)], { env });
});
