import type { Problem } from "../../problem/problem.ts";

/** Characters of a text in a status: nobody reads more, and servers refuse objects that are too large. */
const LONGEST_TEXT = 4_000;

/** Problems as a status says them: where, what, and what to do about it. */
export function problemText(problems: readonly Problem[]): string {
  const text = problems.map(textOf).join("; ");
  if (text.length <= LONGEST_TEXT) return text;
  return `${text.slice(0, LONGEST_TEXT).toWellFormed()}… (${problems.length} problems in all)`;
}

function textOf({ path, message, hint }: Problem): string {
  return `${path === "" ? "" : `${path}: `}${message}${hint === "" ? "" : ` (${hint})`}`;
}
