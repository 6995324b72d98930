// Brings what the project needs and is not there yet: npm packages, Node 24, Envoy, generated code. Runs on any Node from
// 20 with nothing installed, so it imports only `node:` and its neighbours. Silent and quick when all is there.
import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { clearTimeout, setTimeout } from "node:timers";
import { fileURLToPath } from "node:url";
import { ensureEnvoy } from "./envoy.mjs";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
export const node24 = join(root, "node_modules", "node", "bin", "node");
const LOWEST_NODE = [24, 12];
const SLOW_MS = 1000;

/** A reason why set-up can't go on; its message is for people and needs no stack. */
export class SetupError extends Error {
  name = "SetupError";
}

export function say(line) {
  process.stderr.write(`graphway: ${line}\n`);
}

function secondsSince(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

async function withProgress(what, work) {
  const start = performance.now();
  say(`${what} …`);
  const result = await work();
  say(`  done in ${secondsSince(start)}`);
  return result;
}

const STOP_SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/**
 * Runs a program to its end with its output on our stderr or stdout; resolves with its exit code. A signal to stop is handed on, and we
 * end only after the program has: npm takes back what it began.
 */
export function runToEnd(file, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"], ...options });
    let stoppedBy;
    const handOn = (signal) => {
      stoppedBy = signal;
      child.kill(signal);
    };
    for (const signal of Object.keys(STOP_SIGNALS)) process.on(signal, handOn);
    const done = () => {
      for (const signal of Object.keys(STOP_SIGNALS)) process.off(signal, handOn);
    };
    child.on("error", (error) => {
      done();
      reject(error);
    });
    child.on("close", (code, signal) => {
      done();
      if (stoppedBy !== undefined) process.exit(128 + STOP_SIGNALS[stoppedBy]);
      resolve(signal === null ? code : 1);
    });
  });
}

async function npm(...args) {
  const own = process.env.npm_execpath;
  const viaNode = own !== undefined && /npm-cli\.c?js$/.test(own) && existsSync(own);
  const [file, before] = viaNode ? [process.execPath, [own]] : ["npm", []];
  let code;
  try {
    code = await runToEnd(file, [...before, ...args, "--no-progress", "--loglevel=error"], { stdio: ["ignore", 2, 2] });
  } catch (error) {
    throw new SetupError(`cannot run npm (${error.message}); install Node.js with npm`);
  }
  if (code !== 0)
    throw new SetupError(`npm ${args[0]} failed (its own message is above); mend that and run this again`);
}

function readPackages(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : undefined;
}

/** Compares what npm says it installed (its hidden lock file, written last) with the lock file. */
function packagesAreInstalled() {
  const locked = readPackages(join(root, "package-lock.json"));
  const installed = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (installed === undefined) return false;
  return Object.entries(locked).every(
    ([place, entry]) => place === "" || entry.optional === true || installed[place]?.version === entry.version,
  );
}

export async function ensurePackages() {
  if (packagesAreInstalled()) return;
  await withProgress("installing npm packages", () => npm("ci", "--include=dev"));
}

function readNodeVersion() {
  return new Promise((resolve) => {
    execFile(node24, ["--version"], (error, stdout) => resolve(error === null ? stdout.trim() : undefined));
  });
}

function isNewEnough(version) {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  return major > LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor >= LOWEST_NODE[1]);
}

/** The npm package `node` fetches its binary in an install script, which npm may have been told not to run. */
export async function ensureNode24() {
  let version = await readNodeVersion();
  if (version === undefined) {
    await withProgress("installing Node 24 (npm package `node`)", () =>
      npm("rebuild", "node", "--ignore-scripts=false", "--foreground-scripts"),
    );
    version = await readNodeVersion();
  }
  if (version === undefined) {
    throw new SetupError(
      `node_modules/node/bin/node does not run on ${process.platform}-${process.arch}; remove node_modules and run this again, with npm's install scripts allowed`,
    );
  }
  if (!isNewEnough(version)) {
    throw new SetupError(
      `node_modules/node/bin/node is ${version}, needed is v${LOWEST_NODE.join(".")} or newer; run npm ci`,
    );
  }
}

/** The environment of everything that runs below us: `node` means Node 24, which keeps the code that it compiles. */
export function environment() {
  const bin = dirname(node24);
  const path = process.env.PATH ?? "";
  return {
    NODE_COMPILE_CACHE: join(root, ".graphway", "compile-cache"),
    ...process.env,
    PATH: path.split(delimiter).includes(bin) ? path : `${bin}${delimiter}${path}`,
  };
}

export async function build() {
  const code = await runToEnd(node24, [join(root, "scripts", "build.mjs")], {
    stdio: ["ignore", 2, 2],
    env: environment(),
  });
  if (code !== 0) throw new SetupError("the build failed (its own message is above)");
}

/** Says what takes long; what is quick, because it is done already, passes in silence. */
async function sayIfSlow(what, work) {
  const start = performance.now();
  let slow = false;
  const timer = setTimeout(() => {
    slow = true;
    say(`${what} …`);
  }, SLOW_MS);
  try {
    const result = await work();
    if (slow) say(`  ${what}: done in ${secondsSince(start)}`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}

/** What every command needs: all of it but Envoy, which `graphway run` brings itself. */
export async function prepareCommands() {
  await ensurePackages();
  await ensureNode24();
  await sayIfSlow("building the filter and the protobuf code", build);
}

/** All of it; resolves with the Envoy to use. */
export async function setUp() {
  await ensurePackages();
  await ensureNode24();
  const [envoy] = await Promise.all([
    sayIfSlow("Envoy", () => ensureEnvoy({ say })),
    sayIfSlow("building the filter and the protobuf code", build),
  ]);
  return envoy;
}

/** Runs a script's main function; a failure that is meant for people is printed without its stack. */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    const forPeople = error.name === "SetupError" || error.name === "EnvoyError";
    say(forPeople ? error.message : error.stack);
    process.exitCode = 1;
  }
}
