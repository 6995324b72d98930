import type { PredictorState } from "../../deliver/processes/workload-state.ts";
import type { DeploymentPlan, GraphNode } from "../../plan/deployment-plan.ts";
import type { Problem } from "../../problem/problem.ts";
import type { LocalReporter, ServedAspect, WaitingReport } from "./reporter.ts";

/** The state after one turn. */
export interface LocalState {
  /** What can be started of what is wanted. */
  readonly wanted: readonly DeploymentPlan[];
  readonly serving: readonly DeploymentPlan[];
  readonly processes: readonly PredictorState[];
  readonly problems: readonly Problem[];
  readonly outdated: readonly string[];
  readonly envoyIsReady: boolean;
  /** Resolves when Envoy has what is in `serving`. */
  readonly settled: Promise<void>;
}

/** Tells the reporter what has changed from one state to the next. */
export interface View {
  show(state: LocalState): void;
  close(): void;
}

/** Whoever waits longer than this is told what for. */
const PATIENCE_MS = 3000;

export function createView(reporter: LocalReporter): View {
  let problemsShown = '{"problems":[],"outdated":[]}';
  let waitingShown = "[]";
  let served: ReadonlyMap<string, Aspects> = new Map();
  let newest: LocalState | undefined;
  let wasReady = false;
  let wasEmpty = false;
  let patience: NodeJS.Timeout | undefined;

  function showProblems({ problems, outdated }: LocalState): void {
    const text = JSON.stringify({ problems, outdated });
    if (text === problemsShown) return;
    problemsShown = text;
    reporter.problems(problems, outdated);
  }

  /** Deployments that lack a predictor are shown only when people have waited long enough to wonder. */
  function showServing(state: LocalState, withIncomplete: boolean): void {
    const next = new Map<string, Aspects>();
    for (const plan of state.serving) {
      const missing = missingOf(plan, state.wanted);
      const before = served.get(plan.key);
      const now = aspectsOf(plan, missing, state.processes);
      const show = missing.length === 0 || withIncomplete;
      const changed = before === undefined ? [] : changedAspects(before, now);
      if (show && (before === undefined || changed.length > 0)) reporter.serving({ plan, missing, changed });
      if (show) next.set(plan.key, now);
      else if (before !== undefined) next.set(plan.key, before);
    }
    const keys = new Set(state.serving.map((plan) => plan.key));
    for (const key of served.keys()) if (!keys.has(key)) reporter.gone(key);
    served = next;
    if (!wasReady && isComplete(state)) {
      wasReady = true;
      reporter.ready(state.serving);
    }
  }

  function watchPatience(state: LocalState): void {
    if (waitingOf(state).length === 0) {
      clearTimeout(patience);
      patience = undefined;
      waitingShown = "[]";
    } else patience ??= setTimeout(losePatience, PATIENCE_MS);
  }

  function losePatience(): void {
    patience = undefined;
    if (newest === undefined) return;
    const waiting = waitingOf(newest);
    const text = JSON.stringify(waiting.map((one) => one.label));
    if (newest.envoyIsReady) showServing(newest, true);
    if (text !== waitingShown) reporter.waiting(waiting);
    waitingShown = text;
    watchPatience(newest);
  }

  return {
    show(state) {
      newest = state;
      showProblems(state);
      if (!wasEmpty && state.wanted.length === 0)
        reporter.progress("nothing to serve yet; the files are read again when they change");
      wasEmpty = state.wanted.length === 0;
      watchPatience(state);
      void state.settled.then(() => {
        // An overtaken state is not shown: the newer one shows itself.
        if (newest === state && state.envoyIsReady) showServing(state, false);
      });
    },
    close() {
      newest = undefined;
      clearTimeout(patience);
    },
  };
}

/** What can change about a served deployment, each as a text to compare. */
type Aspects = Readonly<Record<ServedAspect, string>>;

function aspectsOf(plan: DeploymentPlan, missing: readonly string[], states: readonly PredictorState[]): Aspects {
  const names = new Set(plan.predictors.map((predictor) => predictor.name));
  const current = states
    .filter((state) => state.deployment === plan.key && names.has(state.predictor))
    .map((state) => ({ name: state.predictor, ...state.current }));
  return {
    traffic: JSON.stringify([plan.split, plan.shadows, missing]),
    containers: JSON.stringify(current.map(({ name, revision }) => [name, revision])),
    graph: JSON.stringify(current.map(({ name, predictor }) => [name, predictor && describeGraph(predictor.graph)])),
    policy: JSON.stringify([plan.retry, plan.sticky, plan.rules, plan.permits]),
  };
}

/** A graph without its addresses, which change with the containers. */
function describeGraph({ runs, children, ...node }: GraphNode): unknown {
  const where = runs.in === "container" ? runs.container : runs.implementation;
  return [node, where, children.map(describeGraph)];
}

function changedAspects(before: Aspects, now: Aspects): readonly ServedAspect[] {
  return (Object.keys(now) as ServedAspect[]).filter((aspect) => before[aspect] !== now[aspect]);
}

function missingOf(plan: DeploymentPlan, wanted: readonly DeploymentPlan[]): readonly string[] {
  const names = new Set(plan.predictors.map((predictor) => predictor.name));
  const all = wanted.find((one) => one.key === plan.key)?.predictors ?? [];
  return all.map((predictor) => predictor.name).filter((name) => !names.has(name));
}

/** Processes on their way up, without those that have a problem of their own to show. */
function waitingOf({ processes }: LocalState): readonly WaitingReport[] {
  return processes.flatMap(({ next }) =>
    (next?.processes ?? [])
      .filter((one) => one.phase === "starting" || one.phase === "unready")
      .map(({ label, notReady }) => ({ label, reason: notReady ?? "it is starting" })),
  );
}

/** True when every predictor that is wanted is served. */
function isComplete({ wanted, serving, envoyIsReady }: LocalState): boolean {
  const served = new Map(serving.map((plan) => [plan.key, plan.predictors.length]));
  return envoyIsReady && wanted.length > 0 && wanted.every((plan) => served.get(plan.key) === plan.predictors.length);
}
