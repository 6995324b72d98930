import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Problem } from "../problem/problem.ts";
import { loadDocuments } from "./load.ts";

/** testdata/<case>/in.{yaml,json} and problems.yaml: every problem of the input in order, and which deployments are accepted. */
export const PROBLEM_CASES = fileURLToPath(new URL("./testdata/", import.meta.url));

/** Names of all cases, sorted. */
export function listProblemCases(): readonly string[] {
  return readdirSync(PROBLEM_CASES).sort();
}

/** What problems.yaml holds. */
export interface Outcome {
  readonly deployments: Readonly<Record<string, "accepted" | "rejected">>;
  readonly incomplete: boolean;
  readonly problems: readonly object[];
}

/** What the code makes of a case. */
export function outcomeOf(name: string): Outcome {
  const file = existsSync(join(PROBLEM_CASES, name, "in.json")) ? "in.json" : "in.yaml";
  const text = readFileSync(join(PROBLEM_CASES, name, file), "utf8");
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
