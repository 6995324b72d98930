import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { it } from "node:test";
import { projectRoot } from "./import-graph.ts";

const FOLDERS = "cli,control-plane,deploy,docs,e2e,examples,filter,orchestrator,proto";
const PAGES = ["README.md", "CONTRIBUTING.md", ...globSync(`{${FOLDERS}}/**/*.md`, { cwd: projectRoot }).sort()];

function textOf(page: string): string {
  return readFileSync(join(projectRoot, page), "utf8").replaceAll(/^```[^]*?^```/gm, "");
}

/** A heading as a link names it. */
function anchorsOf(page: string): readonly string[] {
  return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function* brokenLinksOf(page: string): Generator<string> {
  for (const [, target = ""] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : join(dirname(page), path);
    if (!existsSync(join(projectRoot, file))) yield `${page}: ${target}`;
    else if (anchor !== undefined && !anchorsOf(file).includes(anchor)) yield `${page}: ${target}`;
  }
}

it("every link between pages leads to a page and its heading", () => {
  assert.ok(PAGES.length > 15);
  assert.deepEqual(
    PAGES.flatMap((page) => [...brokenLinksOf(page)]),
    [],
  );
});

it("every page of docs/ is linked from the README or from a page that is", () => {
  const linked = (page: string): readonly string[] =>
    [...textOf(page).matchAll(/\]\(([^)#\s]+\.md)[^)]*\)/g)].map(([, target = ""]) => join(dirname(page), target));
  const found = new Set(["README.md"]);
  for (const page of found) for (const next of linked(page)) if (existsSync(join(projectRoot, next))) found.add(next);
  const lost = globSync("docs/*.md", { cwd: projectRoot }).filter((page) => !found.has(page));
  assert.deepEqual(lost, []);
});
