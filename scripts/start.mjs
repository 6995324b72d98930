// `npm start`: sets up, then serves the example under Node 24. Arguments go to `graphway run`; with a file among them they
// serve that instead of the example.
import { join } from "node:path";
import { runInOwnGroup } from "./own-group.mjs";
import { environment, node24, root, runMain, setUp } from "./setup.mjs";

/** `-f x`, `-fx`, `--file x` or `--file=x`. No other option of `run` begins like these. */
function namesFile(words) {
  return words.some((word) => /^-f|^--file(=|$)/.test(word));
}

await runMain(async () => {
  const envoy = await setUp();
  const given = process.argv.slice(2);
  const words = namesFile(given) ? given : ["-f", join("examples", "iris"), ...given];
  return runInOwnGroup(node24, [join(root, "cli", "main.ts"), "run", ...words], {
    cwd: root,
    env: { ...environment(), ENVOY_BIN: envoy.path },
  });
});
