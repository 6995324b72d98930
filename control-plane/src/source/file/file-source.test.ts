import assert from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import { createFileSource } from "./file-source.ts";

describe("file source", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "graphway-source-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it("reads the manifests of a folder, at any depth if asked, sorted, and leaves other and hidden files alone", async () => {
    await mkdir(join(folder, "deep"));
    await mkdir(join(folder, ".hidden"));
    for (const name of ["b.yaml", "a.json", "deep/c.yml", "notes.md", ".hidden/d.yaml"])
      await writeFile(join(folder, name), name);
    const { value, problems } = await createFileSource([folder], { recursive: true }).read();
    const textsOf = (texts: typeof value): readonly string[] => texts.map((one) => one.text);
    assert.deepEqual(textsOf(value), ["a.json", "b.yaml", "deep/c.yml"]);
    assert.deepEqual(problems, []);
    assert.deepEqual(textsOf((await createFileSource([folder]).read()).value), ["a.json", "b.yaml"]);
  });

  it("reads a named file whatever its ending", async () => {
    const file = join(folder, "manifest.txt");
    await writeFile(file, "kind: X");
    assert.deepEqual((await createFileSource([file]).read()).value, [{ file, text: "kind: X" }]);
  });

  it("reports what cannot be read and still reads the rest", async () => {
    const file = join(folder, "a.yaml");
    await writeFile(file, "a");
    const { value, problems } = await createFileSource([join(folder, "gone.yaml"), file]).read();
    assert.deepEqual(value, [{ file, text: "a" }]);
    assert.deepEqual(
      problems.map(({ code, message }) => [code, message]),
      [["SourceUnreadable", "there is no such file or folder"]],
    );
  });

  it("refuses a file above the limit and says so", async () => {
    const file = join(folder, "a.yaml");
    await writeFile(file, "12345");
    const { value, problems } = await createFileSource([file], { maxFileBytes: 4 }).read();
    assert.deepEqual(value, []);
    assert.match(problems[0]?.message ?? "", /5 bytes, more than 4/);
  });

  it("reads standard input as -, once, and no more of it than the limit", async () => {
    const source = createFileSource(["-"], { stdin: Readable.from([Buffer.from("kind: "), Buffer.from("X")]) });
    const expected = [{ file: "standard input", text: "kind: X" }];
    assert.deepEqual((await source.read()).value, expected);
    assert.deepEqual((await source.read()).value, expected);
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(3);
      })(),
    );
    const { value, problems } = await createFileSource(["-"], { stdin: endless, maxFileBytes: 4 }).read();
    assert.deepEqual(value, []);
    assert.deepEqual(
      problems.map(({ file, message }) => [file, message]),
      [["standard input", "it has more than 4 bytes"]],
    );
  });

  it("says when a folder holds no manifest", async () => {
    const { problems } = await createFileSource([folder]).read();
    assert.match(problems[0]?.message ?? "", /no \.yaml, \.yml or \.json file/);
  });

  it("notices an edit in place, a replaced file, a new file and a removed one, and stops when told", async () => {
    const file = join(folder, "a.yaml");
    await writeFile(file, "1");
    const changes = new EventEmitter();
    const stop = createFileSource([folder], { quietMs: 5 }).watch(() => changes.emit("change"));
    const expectChange = async (act: () => Promise<void>): Promise<void> => {
      const change = once(changes, "change", { signal: AbortSignal.timeout(60_000) });
      await act();
      await change;
    };
    await expectChange(() => writeFile(file, "22"));
    await expectChange(async () => {
      await writeFile(join(folder, "next"), "333");
      await rename(join(folder, "next"), file);
    });
    await expectChange(() => writeFile(join(folder, "b.yaml"), "b"));
    await expectChange(() => rm(join(folder, "b.yaml")));
    stop();
    changes.on("change", () => assert.fail("called back after it was stopped"));
    await writeFile(file, "4444");
    await new Promise((resolve) => setTimeout(resolve, 50));
  });

  it("goes on when a file becomes a link to itself, which cannot be looked at", async () => {
    const file = join(folder, "a.yaml");
    await writeFile(file, "1");
    const changes = new EventEmitter();
    const stop = createFileSource([folder, file], { quietMs: 5 }).watch(() => changes.emit("change"));
    const change = once(changes, "change", { signal: AbortSignal.timeout(60_000) });
    await rm(file);
    await symlink("a.yaml", file);
    await change;
    stop();
    const { problems } = await createFileSource([file]).read();
    assert.equal(problems[0]?.code, "SourceUnreadable");
  });

  it("calls a single file's replacement a change, and a neighbour's none", async () => {
    const file = join(folder, "a.yaml");
    await writeFile(file, "1");
    let count = 0;
    const changes = new EventEmitter();
    const stop = createFileSource([file], { quietMs: 5 }).watch(() => {
      count += 1;
      changes.emit("change");
    });
    await writeFile(join(folder, "neighbour.yaml"), "x");
    const change = once(changes, "change", { signal: AbortSignal.timeout(60_000) });
    await writeFile(file, "22");
    await change;
    stop();
    assert.equal(count, 1);
  });
});
