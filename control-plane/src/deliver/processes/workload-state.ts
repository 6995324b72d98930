import type { PredictorPlan } from "../../plan/deployment-plan.ts";
import type { Problem } from "../../problem/problem.ts";
import type { LocalAddress } from "./local-graph.ts";
import type { ProcessState } from "./supervisor.ts";

/** One version of a predictor's processes. */
export interface RevisionState {
  /** Hash of everything that would restart a process of it. */
  readonly revision: string;
  /** Where the predictor answers: its orchestrator, or its model without one. */
  readonly address: LocalAddress;
  /** The predictor with the endpoints of its graph as they are on this machine. */
  readonly predictor: PredictorPlan;
  /** True while every process of it is ready. */
  readonly ready: boolean;
  readonly processes: readonly ProcessState[];
}

/** What runs for one predictor. */
export interface PredictorState {
  /** `<namespace>/<name>`. */
  readonly deployment: string;
  readonly predictor: string;
  /** Where requests belong: the newest revision that has been ready, even if it fails now. Absent: none was yet. */
  readonly current?: RevisionState;
  /** The wanted revision on its way up; it becomes `current` at the moment all of it is ready. */
  readonly next?: RevisionState;
  /** Revisions that may still work on requests; they end by `retire` or after the drain time. */
  readonly draining: readonly string[];
  /** Processes that ended when they should not have. */
  readonly problems: readonly Problem[];
}
