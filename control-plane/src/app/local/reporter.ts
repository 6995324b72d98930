import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Problem } from "../../problem/problem.ts";

/** What can change about a deployment while it is served. */
export type ServedAspect = "traffic" | "containers" | "graph" | "policy";

/** A deployment that is served, and what is new about it. */
export interface ServedReport {
  readonly plan: DeploymentPlan;
  /** Names of predictors that are wanted but not ready, so that the others have their share. */
  readonly missing: readonly string[];
  /** Empty: it is served for the first time. */
  readonly changed: readonly ServedAspect[];
}

/** A process that is not ready, and the reason as far as it is known. */
export interface WaitingReport {
  readonly label: string;
  readonly reason: string;
}

/** What the local gateway tells whoever started it. Nothing is told twice. */
export interface LocalReporter {
  /** A step of the start or of the end, for people who wait. */
  progress(text: string): void;
  /** All problems as they are now, and the keys of deployments that go on with an older version because of them. */
  problems(all: readonly Problem[], outdated: readonly string[]): void;
  serving(report: ServedReport): void;
  /** A deployment is no longer served. */
  gone(key: string): void;
  /** What has kept something from being served for a while. */
  waiting(reports: readonly WaitingReport[]): void;
  /** Everything that is wanted is ready and served, for the first time. */
  ready(plans: readonly DeploymentPlan[]): void;
  /** Something went wrong in graphway itself; it goes on. */
  fault(error: unknown): void;
  /** A line that one of the processes wrote. */
  line(label: string, text: string): void;
}
