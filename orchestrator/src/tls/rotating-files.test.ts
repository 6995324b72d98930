import assert from "node:assert/strict";
import { mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { SecretFolder } from "../../tests/certificates.ts";
import { openRotatingFiles, type Reloaded } from "./rotating-files.ts";

const QUICK = { debounceMs: 10, pollMs: 60_000 };

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "rotating-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** Opens files that hold numbers, and hands out each report as it comes. */
async function openNumbers(t: TestContext, files: readonly string[], times = QUICK) {
  const reports: Reloaded[] = [];
  let heard = Promise.withResolvers<Reloaded>();
  const parse = (contents: readonly Buffer[]): number[] =>
    contents.map((content) => {
      if (!/^\d+$/.test(content.toString())) throw new Error(`not a number: ${content.toString()}`);
      return Number(content.toString());
    });
  const rotating = await openRotatingFiles(
    files,
    parse,
    (reloaded) => {
      reports.push(reloaded);
      heard.resolve(reloaded);
    },
    times,
  );
  t.after(() => {
    rotating.stop();
  });
  const next = async (): Promise<Reloaded["outcome"]> => {
    const { outcome } = await heard.promise;
    heard = Promise.withResolvers<Reloaded>();
    return outcome;
  };
  return { rotating, reports, next };
}

describe("rotating files", { timeout: 600_000 }, () => {
  it("are read again when they are written in place", async (t) => {
    const file = join(folderOf(t), "n");
    writeFileSync(file, "1");
    const { rotating, next } = await openNumbers(t, [file]);
    const told: number[][] = [];
    rotating.follow((value) => told.push(value));
    writeFileSync(file, "2");
    assert.equal(await next(), "success");
    assert.deepEqual([rotating.current, told], [[2], [[2]]]);
  });

  it("are read again when the ..data link of a Secret is swapped", async (t) => {
    const secret = new SecretFolder(join(folderOf(t), "secret"), { a: "1", b: "2" });
    const { rotating, next } = await openNumbers(t, [join(secret.path, "a"), join(secret.path, "b")]);
    secret.swap({ a: "3", b: "4" });
    assert.equal(await next(), "success");
    assert.deepEqual(rotating.current, [3, 4]);
  });

  it("keep what they were when they turn bad or vanish, and recover", async (t) => {
    const file = join(folderOf(t), "n");
    writeFileSync(file, "1");
    const { rotating, next } = await openNumbers(t, [file]);
    writeFileSync(file, "one");
    assert.equal(await next(), "failure");
    unlinkSync(file);
    assert.equal(await next(), "failure");
    assert.deepEqual(rotating.current, [1]);
    writeFileSync(file, "5");
    assert.equal(await next(), "success");
    assert.deepEqual(rotating.current, [5]);
  });

  it("say nothing while their contents are the same", async (t) => {
    const file = join(folderOf(t), "n");
    writeFileSync(file, "1");
    const { rotating, reports } = await openNumbers(t, [file]);
    writeFileSync(file, "1");
    await rotating.reload();
    assert.deepEqual(reports, []);
  });

  it("are found by polling where the folder sends no events", async (t) => {
    const file = join(folderOf(t), "n");
    writeFileSync(file, "1");
    const { rotating, next } = await openNumbers(t, [file], { debounceMs: 60_000, pollMs: 10 });
    writeFileSync(file, "2");
    assert.equal(await next(), "success");
    assert.deepEqual(rotating.current, [2]);
  });

  it("can't be opened where the first reading fails", async (t) => {
    await assert.rejects(openNumbers(t, [join(folderOf(t), "absent")]), /ENOENT/);
  });
});
