import type { Severity } from "./problem.ts";

/** One row of the table of problem codes. */
export interface ProblemCodeRow {
  readonly severity: Severity;
  /** What the code stands for, one sentence; printed in docs/problems.md. */
  readonly meaning: string;
  /** What to do about it when the place that reports it knows nothing better. */
  readonly hint: string;
}

/** Every code a problem can carry. docs/problems.md is generated from this table. */
export const PROBLEM_CODES = {
  SourceUnreadable: {
    severity: "error",
    meaning: "A file or folder named by the user cannot be read.",
    hint: "check that the path exists and that you may read it",
  },
  TooManyShadows: {
    severity: "warning",
    meaning: "A deployment has more shadows than one request can be copied to.",
    hint: "mark fewer predictors as shadow",
  },
} as const satisfies Record<string, ProblemCodeRow>;

/** A code of the table. */
export type ProblemCode = keyof typeof PROBLEM_CODES;
