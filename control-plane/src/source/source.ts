import type { Checked } from "../problem/problem.ts";

/** A text that may hold Kubernetes objects, and the name it is reported under. */
export interface SourceText {
  readonly file: string;
  readonly text: string;
}

/** What every source of raw objects offers; the reader decides what they mean. */
export interface Source {
  /** Everything there is now. A file that cannot be read is a problem; the others are still there. */
  read(): Promise<Checked<readonly SourceText[]>>;
  /** Calls back after anything changed, once per burst of changes. Returns what stops the watch. */
  watch(onChange: () => void): () => void;
}
