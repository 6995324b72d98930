// `npm start`: sets up, then serves the example under Node 24. Arguments go to `graphway run`.
import { join } from "node:path";
import { runInOwnGroup } from "./own-group.mjs";
import { environment, node24, root, runMain, setUp } from "./setup.mjs";

await runMain(async () => {
  const envoy = await setUp();
  const given = process.argv.slice(2);
  const words = given.length > 0 ? given : ["-f", join("examples", "iris")];
  return runInOwnGroup(node24, [join(root, "cli", "main.ts"), "run", ...words], {
    cwd: root,
    env: { ...environment(), ENVOY_BIN: envoy.path },
  });
});
