// Runs the scenarios on a real cluster: brings it up or borrows it, installs Graphway with Helm, and takes both away again.
// Ends with 0 when everything holds, 1 when something does not, 2 for a wrong command line, 3 when it could not be run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { install, uninstall } from "./runner/install.ts";
import { readOptions, USAGE, type Options } from "./runner/options.ts";
import { findScenarios } from "./runner/find-scenarios.ts";
import { targetEnvironment, type Target } from "./runner/target.ts";
import { prepareCluster } from "./runner/targets/cluster-target.ts";
import { prepareKind } from "./runner/targets/kind-target.ts";
import { prepareKubeconfig } from "./runner/targets/kubeconfig-target.ts";
import { TargetMissing, type Place } from "./runner/targets/place.ts";

const ROOT = join(import.meta.dirname, "..");
const NOT_RUN = 3;

async function main(words: readonly string[]): Promise<number> {
  const options = readOptions(words);
  if (typeof options === "string") {
    process.stderr.write(`e2e: ${options}\n\n${USAGE}`);
    return 2;
  }
  if (options.list) return listScenarios();
  const place = await preparePlace(options);
  try {
    const target = await install(ROOT, place);
    return await runScenarios(target, place, options);
  } finally {
    if (!options.keep && place.isBorrowed) await uninstall(place);
    await place.tearDown();
  }
}

function preparePlace(options: Options): Promise<Place> {
  switch (options.target) {
    case "cluster":
      return prepareCluster(ROOT, options.keep);
    case "kubeconfig":
      return Promise.resolve(prepareKubeconfig(options));
    case "kind":
      return prepareKind(ROOT, options.keep);
  }
}

async function listScenarios(): Promise<number> {
  for (const { name, shows } of await findScenarios(join(ROOT, "e2e", "scenarios"))) {
    process.stdout.write(`${name}\n    ${shows}\n`);
  }
  return 0;
}

async function runScenarios(target: Target, place: Place, { jobs, names }: Options): Promise<number> {
  const script = join(ROOT, "e2e", "runner", "run-all.ts");
  const [file = "", ...args] = [...place.enter, process.execPath, script, `--jobs=${jobs}`, ...names];
  const env = { ...process.env, ...place.env, ...targetEnvironment(target) };
  const child = spawn(file, args, { stdio: ["ignore", "inherit", "inherit"], env });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}

// Ctrl-C reaches the scenarios too, which end; what is to be taken away is taken away then.
process.on("SIGINT", () => undefined);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof TargetMissing) {
    process.stderr.write(`e2e: not run: ${error.message}\n`);
    process.exitCode = NOT_RUN;
  } else {
    process.stderr.write(`e2e: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
