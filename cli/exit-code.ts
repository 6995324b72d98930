import { hasErrors, type Problem } from "../control-plane/src/problem/problem.ts";

/** 0: no errors (warnings allowed), 1: an error in a manifest, 2: a file that cannot be read. */
export function exitCodeOf(problems: readonly Problem[]): number {
  if (problems.some((one) => one.code === "SourceUnreadable")) return 2;
  return hasErrors(problems) ? 1 : 0;
}
