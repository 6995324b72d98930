import type { DeploymentPlan } from "../../plan/deployment-plan.ts";
import type { Problem } from "../../problem/problem.ts";
import type { LocalReporter } from "./reporter.ts";

/** The state after one turn. */
export interface LocalState {
  readonly wanted: readonly DeploymentPlan[];
  readonly serving: readonly DeploymentPlan[];
  readonly problems: readonly Problem[];
  readonly envoyIsReady: boolean;
  /** Resolves when Envoy has what is in `serving`. */
  readonly settled: Promise<void>;
}

/** Tells the reporter what has changed from one state to the next, and nothing twice. */
export function createView(reporter: LocalReporter): { show(state: LocalState): void } {
  let problemsShown = "[]";
  let servingShown = "[]";
  let newest: LocalState | undefined;
  let wasReady = false;

  async function showServing(state: LocalState): Promise<void> {
    await state.settled;
    if (newest !== state) return; // overtaken: the newer state shows itself
    const text = JSON.stringify(state.serving);
    if (text !== servingShown && state.envoyIsReady) {
      servingShown = text;
      reporter.serving(state.serving);
    }
    if (!wasReady && isComplete(state)) {
      wasReady = true;
      reporter.ready(state.serving);
    }
  }

  return {
    show(state) {
      newest = state;
      const text = JSON.stringify(state.problems);
      if (text !== problemsShown) {
        problemsShown = text;
        reporter.problems(state.problems);
      }
      void showServing(state);
    },
  };
}

/** True when every predictor that is wanted is served. */
function isComplete({ wanted, serving, envoyIsReady }: LocalState): boolean {
  const served = new Map(serving.map((plan) => [plan.key, plan.predictors.length]));
  return envoyIsReady && wanted.length > 0 && wanted.every((plan) => served.get(plan.key) === plan.predictors.length);
}
