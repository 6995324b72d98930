import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { filterBytes } from "./host/filter-file.ts";
import { readWasmFile } from "./host/wasm-module.ts";

const MAX_FILTER_BYTES = 24_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const file = readWasmFile(filterBytes());

test("the filter exports what Envoy must call and nothing else", () => {
  assert.deepEqual(file.exports.map((one) => one.name).sort(), [
    "_initialize",
    "memory",
    "proxy_abi_version_0_2_1",
    "proxy_on_configure",
    "proxy_on_memory_allocate",
    "proxy_on_request_headers",
  ]);
});

test("the filter imports six functions", () => {
  assert.deepEqual(file.imports.map((one) => one.name).sort(), [
    "env.proxy_get_buffer_bytes",
    "env.proxy_get_header_map_pairs",
    "env.proxy_log",
    "env.proxy_remove_header_map_value",
    "env.proxy_replace_header_map_value",
    "wasi_snapshot_preview1.random_get",
  ]);
});

test("the filter has no start section and stays small", () => {
  assert.ok(!file.sections.includes(8));
  assert.ok(filterBytes().length <= MAX_FILTER_BYTES, `${filterBytes().length} bytes`);
});

test("no managed object can be made: no garbage collector, string or array is in the code", () => {
  const managed = /^~lib\/(rt\/(itcms|tcms|__)|string|array|staticarray|map|arraybuffer)|__new$/;
  assert.ok(file.functionNames.length > 20, "the name section is there");
  assert.ok(
    file.functionNames.some((name) => name.startsWith("~lib/rt/tlsf")),
    "names of the runtime are kept",
  );
  assert.deepEqual(
    file.functionNames.filter((name) => managed.test(name)),
    [],
  );
});

test("the same sources give the same bytes", { timeout: 600_000 }, async () => {
  const compiler = createRequire(import.meta.url).resolve("assemblyscript/bin/asc.js");
  const folder = await mkdtemp(join(tmpdir(), "graphway-filter-"));
  try {
    const output = join(folder, "again.wasm");
    const words = ["filter/assembly/index.ts", "--config", "asconfig.json", "--target", "release", "--outFile", output];
    await promisify(execFile)(process.execPath, [compiler, ...words], { cwd: ROOT });
    const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
    assert.equal(hash(await readFile(output)), hash(filterBytes()));
  } finally {
    await rm(folder, { recursive: true });
  }
});
