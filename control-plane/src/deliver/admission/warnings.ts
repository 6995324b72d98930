import type { Problem } from "../../problem/problem.ts";

/** The API server passes on 4,096 characters, and cuts each warning at 256. */
const MOST_WARNINGS = 15;
const LONGEST_WARNING = 250;

/** Control characters can't stand in the header that carries a warning. */
const CONTROL = /\p{Cc}+/gu;

/** What kubectl is to show about warnings, one line each. */
export function warningsOf(problems: readonly Problem[]): readonly string[] {
  return bounded(problems.map(({ path, message, hint }) => `${at(path)}${message} (${hint})`));
}

/** What a refusal has no room for: how each problem is put right. */
export function hintsOf(problems: readonly Problem[]): readonly string[] {
  return bounded(problems.map(({ path, hint }) => `${at(path)}${hint}`));
}

function at(path: string): string {
  return path === "" ? "" : `${path}: `;
}

function bounded(texts: readonly string[]): readonly string[] {
  const all = [...new Set(texts.map(clean))];
  if (all.length <= MOST_WARNINGS) return all;
  return [...all.slice(0, MOST_WARNINGS - 1), `and ${all.length - MOST_WARNINGS + 1} more`];
}

function clean(text: string): string {
  const line = text.replaceAll(CONTROL, " ").toWellFormed();
  return line.length <= LONGEST_WARNING ? line : `${line.slice(0, LONGEST_WARNING - 1).toWellFormed()}…`;
}
