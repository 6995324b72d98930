import type { Target } from "../target.ts";

/** A cluster that is ready to be installed on, and how commands reach it. */
export interface Place {
  /** Without what the installation adds. */
  readonly target: Omit<Target, "operatorNamespace" | "gateway">;
  /** Words before a command that is to run where the cluster is reached from. */
  readonly enter: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** It was there before and stays: what is installed has to go again. */
  readonly isBorrowed: boolean;
  /** Ends what was brought up for this run. */
  tearDown(): Promise<void>;
}

/** The machine can't offer this target; the message says what is missing. */
export class TargetMissing extends Error {}
