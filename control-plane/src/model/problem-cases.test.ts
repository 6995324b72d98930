import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { env } from "node:process";
import { describe, it } from "node:test";
import { dump, load } from "js-yaml";
import type { Problem } from "../problem/problem.ts";
import { loadDocuments } from "./load.ts";

/**
 * testdata/<case>/in.{yaml,json} and problems.yaml: every problem of the input in order, and which deployments are accepted.
 * GRAPHWAY_WRITE_CASES=1 writes problems.yaml anew: read the difference before you commit it.
 */
const CASES = new URL("./testdata/", import.meta.url);

interface Outcome {
  readonly deployments: Readonly<Record<string, "accepted" | "rejected">>;
  readonly incomplete: boolean;
  readonly problems: readonly object[];
}

function outcomeOf(name: string): Outcome {
  const file = existsSync(new URL(`${name}/in.json`, CASES)) ? "in.json" : "in.yaml";
  const text = readFileSync(new URL(`${name}/${file}`, CASES), "utf8");
  const { value, problems } = loadDocuments([{ file, text }]);
  return {
    deployments: Object.fromEntries(value.deployments.map((one) => [one.key, one.accepted ? "accepted" : "rejected"])),
    incomplete: value.incompleteFiles.includes(file),
    problems: problems.map(brief),
  };
}

function brief({ code, severity, object, path, position, message, hint }: Problem): object {
  return { at: `${position?.line ?? ""}:${position?.column ?? ""}`, severity, code, object, path, message, hint };
}

describe("problems of manifests", () => {
  const names = readdirSync(CASES);
  it("has the cases", () => {
    assert.ok(names.length >= 50, `${names.length} cases`);
  });
  for (const name of names) {
    it(name, () => {
      const expected = new URL(`${name}/problems.yaml`, CASES);
      const outcome = outcomeOf(name);
      if (env["GRAPHWAY_WRITE_CASES"] === "1") writeFileSync(expected, dump(outcome, { lineWidth: -1 }));
      assert.deepEqual(outcome, load(readFileSync(expected, "utf8")));
    });
  }
});
