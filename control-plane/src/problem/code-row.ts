/** How bad a problem is: an `error` stops its own deployment only; a `warning` stops nothing. */
export type Severity = "error" | "warning";

/** One row of the table of problem codes. */
export interface ProblemCodeRow {
  readonly severity: Severity;
  /** What the code stands for, one sentence; printed in docs/problems.md. */
  readonly meaning: string;
  /** What to do about it when the place that reports it knows nothing better. */
  readonly hint: string;
}
