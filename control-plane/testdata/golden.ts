// npm run golden -- [case...] [--update]: compares every case's expected files with what the code makes, or rewrites them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { env, exit, stderr, stdout } from "node:process";
import { parseArgs } from "node:util";
import { dump } from "js-yaml";
import { listProblemCases, outcomeOf, PROBLEM_CASES } from "../src/model/problem-cases-for-tests.ts";
import {
  findDifferences,
  showDifference,
  writeDifferences,
  type Difference,
} from "./difference.ts";
import { checkCase, listCases, TESTDATA } from "./golden-case.ts";
import { decideCase, readCase, VECTORS } from "#proto/route-table/case.ts";

interface GoldenCase {
  readonly folder: string;
  readonly check: () => Promise<readonly Difference[]> | readonly Difference[];
}

/** A case of one expected file. */
function singleFileCase(folder: string, file: string, make: () => string): GoldenCase {
  const path = join(folder, file);
  const expected = (): [string, string][] => (existsSync(path) ? [[file, readFileSync(path, "utf8")]] : []);
  return { folder, check: () => findDifferences(new Map(expected()), new Map([[file, make()]])) };
}

async function listAll(): Promise<readonly GoldenCase[]> {
  const rendered = (await listCases()).map((name) => ({ folder: join(TESTDATA, name), check: () => checkCase(name) }));
  const problems = listProblemCases().map((name) =>
    singleFileCase(join(PROBLEM_CASES, name), "problems.yaml", () => dump(outcomeOf(name), { lineWidth: -1 })),
  );
  const vectors = readdirSync(VECTORS).map((name) => {
    const folder = join(VECTORS, name);
    return singleFileCase(folder, "decisions.yaml", () => dump(decideCase(readCase(folder)), { lineWidth: 120 }));
  });
  return [...rendered, ...problems, ...vectors];
}

function refuse(message: string): never {
  stderr.write(`golden: ${message}\n`);
  exit(2);
}

const { values, positionals } = parseArgs({
  options: { update: { type: "boolean", default: false } },
  allowPositionals: true,
});
const all = await listAll();
const unknown = positionals.filter((name) => !all.some(({ folder }) => basename(folder) === name));
if (unknown.length > 0) refuse(`no case ${unknown.join(", ")}`);
if (values.update && (env["CI"] ?? "") !== "")
  refuse("--update rewrites what is expected; it is refused where CI is set");

let changed = 0;
for (const { folder, check } of all) {
  if (positionals.length > 0 && !positionals.includes(basename(folder))) continue;
  const differences = await check();
  if (values.update) writeDifferences(folder, differences);
  changed += differences.length;
  for (const one of differences) stdout.write(`${join(relative("", folder), showDifference(one))}\n\n`);
}
stdout.write(changed === 0 ? "all cases hold\n" : `${changed} files ${values.update ? "rewritten" : "differ"}\n`);
exit(changed > 0 && !values.update ? 1 : 0);
