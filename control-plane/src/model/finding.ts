import { problem, type Problem, type Severity } from "../problem/problem.ts";
import type { ProblemCode } from "../problem/codes.ts";
import type { FieldPath, SourceObject } from "./model.ts";
import { formatPath } from "./path.ts";

/** Something wrong with one object, before it is known where that object stands. */
export interface Finding {
  readonly code: ProblemCode;
  /** The field; its place in the text, or its nearest parent's, goes into the problem. */
  readonly at: FieldPath;
  /** The path to show where it differs from `at`: Seldon names some fields by its own. */
  readonly path?: string;
  readonly message: string;
  readonly hint?: string;
  readonly severity?: Severity;
}

/** Which object of which source a finding is about. */
export type Place = Pick<SourceObject, "file" | "locate"> & { readonly object: string };

export function problemOf(finding: Finding, place: Place): Problem {
  const { code, at, path, message, hint, severity } = finding;
  const position = place.locate?.(at);
  return problem(code, {
    object: place.object,
    path: path ?? formatPath(at),
    message,
    ...(place.file === undefined ? {} : { file: place.file }),
    ...(position === undefined ? {} : { position }),
    ...(hint === undefined ? {} : { hint }),
    ...(severity === undefined ? {} : { severity }),
  });
}
