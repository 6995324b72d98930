import assert from "node:assert/strict";
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
