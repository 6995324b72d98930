import type { Problem } from "../../problem/problem.ts";
import type { ProblemCode } from "../../problem/codes.ts";
import type { Finding } from "./conditions.ts";
import { problemText } from "./problem-text.ts";

/** Problems of proxies, not of the resource: it is right, and what it asks for is not what requests get everywhere. */
const KEEP_OUT_OF_FORCE: ReadonlySet<ProblemCode> = new Set(["FilterTableFull", "FilterTableUnfit", "EnvoyTooOld"]);

/** `Programmed` of a version that some proxies cannot go by, however many have accepted theirs; undefined: none is known. */
export function notInForce(problems: readonly Problem[]): Finding | undefined {
  const found = problems.filter(({ code }) => KEEP_OUT_OF_FORCE.has(code));
  const [first] = found;
  if (first === undefined) return undefined;
  return { type: "Programmed", status: "False", reason: first.code, message: problemText(found) };
}
