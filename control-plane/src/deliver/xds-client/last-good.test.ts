import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { LastGoodError, readLastGood, writeLastGood } from "./last-good.ts";

const RESOURCES: readonly EncodedResource[] = [
  { typeUrl: TYPE.cluster, name: "a", version: "1", bytes: Uint8Array.from([1, 2, 3]) },
  { typeUrl: TYPE.listener, name: "b", version: "2", bytes: new Uint8Array() },
];

it("reads what was written, for its owner alone; nothing where nothing was; and no damaged file", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "graphway-last-good-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "last-good");
  assert.deepEqual(await readLastGood(path), []);
  await writeLastGood(path, RESOURCES);
  assert.deepEqual(await readLastGood(path), RESOURCES);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const whole = readFileSync(path);
  for (const damaged of [
    whole.subarray(0, -1),
    whole.subarray(0, 10),
    Buffer.alloc(0),
    Buffer.concat([whole, whole]),
  ]) {
    writeFileSync(path, damaged);
    await assert.rejects(readLastGood(path), LastGoodError);
  }
  writeFileSync(path, whole.with(whole.length - 1, 7));
  await assert.rejects(readLastGood(path), LastGoodError);
});

/** Writes without end, of many sizes. */
const WRITER = `
const { writeLastGood } = await import(process.argv[1]);
for (let i = 1; ; i += 1)
  await writeLastGood(process.argv[2], [{ typeUrl: "t", name: "n", version: String(i), bytes: new Uint8Array((i % 7) * 300_000) }]);
`;

it("reads something whole whenever its writer was killed", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "graphway-last-good-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const path = join(folder, "last-good");
  await writeLastGood(path, RESOURCES);
  for (let round = 0; round < 5; round += 1) {
    const before = statSync(path).mtimeMs;
    const module = new URL("last-good.ts", import.meta.url).href;
    const writer = spawn(process.execPath, ["--input-type=module", "-e", WRITER, module, path], { stdio: "ignore" });
    const exited = once(writer, "exit");
    while (statSync(path).mtimeMs === before) await new Promise((resolve) => setTimeout(resolve, 1 + round));
    writer.kill("SIGKILL");
    await exited;
    const [read] = await readLastGood(path);
    assert.equal(read?.bytes.length, (Number(read?.version) % 7) * 300_000);
  }
});
