import type { Severity } from "./code-row.ts";
import { PROBLEM_CODES, type ProblemCode } from "./codes.ts";

export type { Severity };

/** Where in a source text something stands; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing that is wrong, as data for users: what, where, and what to do. Collected, never thrown. */
export interface Problem {
  readonly code: ProblemCode;
  readonly severity: Severity;
  /** The object concerned, `<namespace>/<name>`; empty when no object could be made out. */
  readonly object: string;
  /** Field path inside the object, such as `spec.predictors[0].graph`; empty for the whole. */
  readonly path: string;
  /** The file the object came from, as the user named it. Absent for objects from Kubernetes. */
  readonly file?: string;
  /** Where in that file. */
  readonly position?: Position;
  readonly message: string;
  /** What the reader can do about it. */
  readonly hint: string;
}

/** What every stage returns: its result and what it has to say about its input. */
export interface Checked<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

/** What a caller must say about a problem; severity and hint come from the table of codes unless given. */
export interface ProblemDetails {
  readonly object?: string;
  readonly path?: string;
  readonly file?: string;
  readonly position?: Position;
  readonly message: string;
  readonly hint?: string;
  readonly severity?: Severity;
}

/** Names come from manifests and can be as long as these: nobody reads, logs or stores more of one text. */
const LONGEST_TEXT = 2000;

function shorten(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT).toWellFormed()}…`;
}

/** Makes a problem of a code in the table. Texts are cut at 2,000 characters. */
export function problem(code: ProblemCode, details: ProblemDetails): Problem {
  const row = PROBLEM_CODES[code];
  return {
    code,
    severity: details.severity ?? row.severity,
    object: details.object ?? "",
    path: shorten(details.path ?? ""),
    ...(details.file === undefined ? {} : { file: details.file }),
    ...(details.position === undefined ? {} : { position: details.position }),
    message: shorten(details.message),
    hint: shorten(details.hint ?? row.hint),
  };
}

/** True when any of the problems stops its deployment. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((one) => one.severity === "error");
}
