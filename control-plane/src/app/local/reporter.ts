import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Problem } from "../../problem/problem.ts";

/** What the local gateway tells whoever started it. */
export interface LocalReporter {
  /** A step of the start, for people who wait. */
  progress(text: string): void;
  /** All problems as they are now; called when they have changed. */
  problems(all: readonly Problem[]): void;
  /** What is served of each deployment has changed; an empty list of plans: nothing is. */
  serving(plans: readonly DeploymentPlan[]): void;
  /** Everything that is wanted is ready and served. */
  ready(plans: readonly DeploymentPlan[]): void;
  /** Something went wrong in graphway itself; it goes on. */
  fault(error: unknown): void;
  /** A line that one of the processes wrote. */
  line(label: string, text: string): void;
}
