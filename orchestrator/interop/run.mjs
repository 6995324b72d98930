// `npm run interop`: installs the real nodes and clients that are not there yet (Seldon's wrapper and client, MLServer, Triton's
// client), each into a Python environment of its own in .graphway, and runs the tests that need them.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { environment, node24, root, runMain, runToEnd, say, setUp, SetupError } from "../../scripts/setup.mjs";

const TEST_TIMEOUT_MS = 300_000;
const folder = join(root, "orchestrator", "interop");
const requirements = join(folder, "requirements-v2.txt");
const venv = join(root, ".graphway", "python-v2");
const PYTHONS = ["python3.11", "python3.10", "python3"];

function findPython() {
  for (const name of PYTHONS) {
    try {
      const code = "import sys; print('%d.%d' % sys.version_info[:2])";
      const version = execFileSync(name, ["-c", code], { stdio: ["ignore", "pipe", "ignore"] });
      if (["3.10", "3.11"].includes(version.toString().trim())) return name;
    } catch {
      // Not on this machine: the next one.
    }
  }
  throw new SetupError("the pinned MLServer needs Python 3.10 or 3.11, and neither is in PATH");
}

function installV2() {
  const wanted = createHash("sha256").update(readFileSync(requirements)).digest("hex");
  const stamp = join(venv, "installed-from");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const start = performance.now();
  say("installing MLServer and Triton's client …");
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(join(root, ".graphway"), { recursive: true });
  const run = (file, ...args) => execFileSync(file, args, { stdio: ["ignore", process.stderr, process.stderr] });
  run(findPython(), "-m", "venv", venv);
  const pip = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps", "-r", requirements];
  run(join(venv, "bin", "python"), ...pip);
  writeFileSync(stamp, wanted);
  say(`  done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

await runMain(async () => {
  await setUp();
  const env = environment();
  const code = await runToEnd(node24, [join(root, "scripts", "install-seldon-core.mjs")], { env });
  if (code !== 0) return code;
  installV2();
  const tests = readdirSync(folder)
    .filter((name) => name.endsWith(".interop.ts"))
    .map((name) => join(folder, name));
  const limits = ["--test-concurrency=2", `--test-timeout=${TEST_TIMEOUT_MS}`];
  return runToEnd(node24, ["--test", ...limits, ...tests], { env });
});
