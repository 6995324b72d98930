// Installs the real Seldon node server (PyPI seldon-core) into .graphway/python-seldon, for tests, and prints the path of its
// `seldon-core-microservice`. Does nothing when it is there already. Runs on Node 20.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const requirements = join(root, "scripts", "python-seldon", "requirements.txt");
const venv = join(root, ".graphway", "python-seldon");
const program = join(venv, "bin", "seldon-core-microservice");
const stamp = join(venv, "installed-from");
/** The versions of Python that the pins were made for; seldon-core 1.17.1 does not run on newer ones. */
const PYTHONS = ["python3.11", "python3.10", "python3"];

const run = (file, ...args) => execFileSync(file, args, { stdio: ["ignore", process.stderr, process.stderr] });

function findPython() {
  for (const name of PYTHONS) {
    try {
      const version = execFileSync(name, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      if (["3.10", "3.11"].includes(version.toString().trim())) return name;
    } catch {
      // Not on this machine: the next one.
    }
  }
  return undefined;
}

function install() {
  const python = findPython();
  if (python === undefined) {
    console.error("seldon-core 1.17.1 needs Python 3.10 or 3.11, and neither is in PATH");
    process.exit(3);
  }
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(dirname(venv), { recursive: true });
  run(python, "-m", "venv", venv);
  const pip = (...args) =>
    run(join(venv, "bin", "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", ...args);
  const setuptools = /^setuptools==.*$/m.exec(readFileSync(requirements, "utf8"))?.[0];
  // First what builds the packages that come as source, so that this is pinned too.
  pip(setuptools, "wheel==0.45.1");
  pip("--no-build-isolation", "--no-deps", "-r", requirements);
}

const wanted = createHash("sha256").update(readFileSync(requirements)).digest("hex");
if (!existsSync(program) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
  install();
  writeFileSync(stamp, wanted);
}
console.log(program);
