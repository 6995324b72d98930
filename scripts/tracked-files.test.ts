import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { projectRoot } from "./import-graph.ts";

/** Words that have no place in a finished file. Spelled in parts, so that this file is no find. */
const UNFINISHED = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|")})\\b`);
/** Folders of one machine: of a user, of a temporary kind, of a workplace. */
const MACHINE_PATH = new RegExp(`(^|[\\s"'\`(=:])/(${["home", "Users", "root", "work", "tmp"].join("|")})/[\\w.]`);

/** Git's own list; a copy of the project without its history is not checked. */
function listTracked(): readonly string[] | undefined {
  if (!existsSync(join(projectRoot, ".git"))) return undefined;
  const output = execFileSync("git", ["ls-files", "-z"], { cwd: projectRoot, encoding: "utf8" });
  return output.split("\0").filter((path) => path !== "" && existsSync(join(projectRoot, path)));
}

describe("the files under version control", { skip: listTracked() === undefined && "this is no clone" }, () => {
  const files = listTracked() ?? [];
  const find = (pattern: RegExp): readonly string[] =>
    files.flatMap((path) =>
      readFileSync(join(projectRoot, path), "utf8")
        .split("\n")
        .flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim().slice(0, 120)}`] : [])),
    );

  it("are all seen", () => {
    assert.ok(files.length > 100, `${files.length} files`);
    assert.ok(files.includes("package.json"));
  });

  it("leave nothing for later", () => {
    assert.deepEqual(find(UNFINISHED), []);
  });

  it("name no folder of one machine, but for the manifests and logs in test data", () => {
    const found = find(MACHINE_PATH).filter((line) => !line.includes("/testdata/"));
    assert.deepEqual(found, []);
  });

  it("lock packages without the address that they came from", () => {
    const lock = JSON.parse(readFileSync(join(projectRoot, "package-lock.json"), "utf8")) as {
      packages: Record<string, { resolved?: string; integrity?: string }>;
    };
    const entries = Object.entries(lock.packages).filter(([place]) => place !== "");
    assert.ok(entries.length > 100);
    assert.deepEqual(
      entries
        .filter(([, entry]) => entry.resolved !== undefined || entry.integrity === undefined)
        .map(([place]) => place),
      [],
    );
  });
});
