// npm run envoy-matrix -- [version...]: runs the tests that need an Envoy with one of every supported minor version.
// Installs what is missing below .graphway (about 40 MB each, once). Not part of npm test.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureRelease, findEnvoy } from "./envoy.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The newest build of each older minor version; the newest minor version is the one that set-up installs. */
const RELEASES = [
  { version: "1.36.4", wheels: { "linux-x64": "86dfc14ae7fad32de3b3ace54fbd400187c3b4fd6731781ff5bc633fa133f3f9" } },
  { version: "1.37.0", wheels: { "linux-x64": "bf7a89ecfa8133a77d066c3d3f9cd0b9b975ed26a5d5d9e508896e57b78cabfc" } },
  { version: "1.38.2", wheels: { "linux-x64": "c1e2e293364686e3ee79b32f9743bb1f7fd40c196945cb9062fbb25655d35188" } },
  { version: "1.39.3", wheels: { "linux-x64": "ee848b81b10b86f1d919f793b75852d24884928f2733752b4443bcd66d7bc5a6" } },
];

/** Delta and state of the world, aggregated and by type, discovery of filters, refusals, a restart of the server; the filter itself; our own gateway. */
const SUITES = [
  "control-plane/src/deliver/xds-server/server.envoy.test.ts",
  "filter/tests/filter.envoy.test.ts",
  "control-plane/src/render/xds/gateway.envoy.test.ts",
  "control-plane/src/render/xds/filtered.envoy.test.ts",
  "control-plane/src/render/xds/traffic.envoy.test.ts",
  "control-plane/src/render/xds/bypass.envoy.test.ts",
];

const TIMEOUT_MS = 5 * 60_000;
const say = (line) => process.stdout.write(`${line}\n`);

async function envoys(wanted) {
  const found = [];
  for (const release of RELEASES) {
    if (wanted.length > 0 && !wanted.includes(release.version)) continue;
    found.push(await ensureRelease({ release, say }));
  }
  const newest = await findEnvoy({ env: {} });
  if (wanted.length === 0 || wanted.includes(newest.version)) found.push(newest);
  return found;
}

/** The suites with one Envoy; true when all of them hold. */
function runSuites({ path, version }) {
  const started = Date.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--test", "--test-concurrency=1", ...SUITES], {
    cwd: ROOT,
    env: { ...process.env, ENVOY_BIN: path },
    encoding: "utf8",
    timeout: TIMEOUT_MS,
  });
  const count = (word) => new RegExp(`^\\S* ?${word} (\\d+)$`, "m").exec(stdout)?.[1] ?? "?";
  const seconds = Math.round((Date.now() - started) / 1000);
  say(
    `Envoy ${version}: ${status === 0 ? "holds" : "FAILS"}, ${count("pass")} passed, ${count("fail")} failed, ${seconds} s`,
  );
  if (status !== 0) say(`${stdout}\n${stderr}`);
  return status === 0;
}

const results = (await envoys(process.argv.slice(2))).map(runSuites);
if (results.length === 0)
  say(`there is no such version; there are ${RELEASES.map(({ version }) => version).join(", ")}`);
process.exitCode = results.length > 0 && results.every(Boolean) ? 0 : 1;
