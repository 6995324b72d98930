import assert from "node:assert/strict";
import { describe, it, mock } from "node:test";
import type { PredictorState } from "../../deliver/processes/workload-state.ts";
import type { DeploymentPlan, PredictorPlan } from "../../plan/deployment-plan.ts";
import { problem } from "../../problem/problem.ts";
import type { LocalReporter } from "./reporter.ts";
import { createView, type LocalState } from "./view.ts";

const GRAPH = {
  name: "model",
  methods: [],
  parameters: [],
  children: [],
  runs: { in: "orchestrator", implementation: "SIMPLE_MODEL" },
};

function planOf(weights: Readonly<Record<string, number>>): DeploymentPlan {
  return {
    key: "default/iris",
    predictors: Object.keys(weights).map((name) => ({ name }) as PredictorPlan),
    split: Object.entries(weights).map(([predictor, weight]) => ({ predictor, weight })),
    shadows: [],
    rules: [],
    fallback: [],
    permits: { force: [], explain: [] },
  } as unknown as DeploymentPlan;
}

function running(predictor: string, revision: string, graphName = "model"): PredictorState {
  return {
    deployment: "default/iris",
    predictor,
    current: { revision, predictor: { graph: { ...GRAPH, name: graphName } } },
    draining: [],
    problems: [],
  } as unknown as PredictorState;
}

function starting(predictor: string): PredictorState {
  const processes = [
    { label: `default/iris/${predictor}/model`, phase: "starting", notReady: "readiness probe: refused", restarts: 0 },
  ];
  return {
    deployment: "default/iris",
    predictor,
    next: { processes },
    draining: [],
    problems: [],
  } as unknown as PredictorState;
}

function stateOf(parts: Partial<LocalState>): LocalState {
  const plan = planOf({ main: 100 });
  const state: LocalState = {
    ...{ wanted: [plan], serving: [plan], processes: [running("main", "1")], problems: [], outdated: [] },
    ...{ envoyIsReady: true, settled: Promise.resolve() },
  };
  return { ...state, ...parts };
}

function recordingView() {
  const told: string[] = [];
  const reporter: LocalReporter = {
    progress: (text) => told.push(`progress ${text}`),
    problems: (all, outdated) => told.push(`problems ${all.map((one) => one.code).join()} outdated ${outdated.join()}`),
    serving: ({ plan, missing, changed }) =>
      told.push(`serving ${plan.key} missing [${missing.join()}] changed [${changed.join()}]`),
    gone: (key) => told.push(`gone ${key}`),
    waiting: (reports) => told.push(`waiting ${reports.map((one) => `${one.label}: ${one.reason}`).join()}`),
    ready: (plans) => told.push(`ready ${plans.map((one) => one.key).join()}`),
    fault: () => undefined,
    line: () => undefined,
  };
  return { view: createView(reporter), told };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("view", () => {
  it("tells what is served once, and that all is ready once", async () => {
    const { view, told } = recordingView();
    for (let times = 0; times < 2; times += 1) {
      view.show(stateOf({}));
      await turn();
    }
    assert.deepEqual(told, ["serving default/iris missing [] changed []", "ready default/iris"]);
    view.close();
  });

  it("tells what has changed: traffic, containers, graph, policy, and what is gone", async () => {
    const { view, told } = recordingView();
    const plan = planOf({ main: 100, canary: 0 });
    const states = [
      stateOf({}),
      stateOf({ wanted: [plan], serving: [plan] }),
      stateOf({ wanted: [plan], serving: [plan], processes: [running("main", "2")] }),
      stateOf({ wanted: [plan], serving: [plan], processes: [running("main", "2", "other")] }),
      stateOf({
        wanted: [plan],
        serving: [{ ...plan, permits: { force: [{ kind: "anyone" }], explain: [] } }],
        processes: [running("main", "2", "other")],
      }),
      stateOf({ wanted: [], serving: [] }),
    ];
    for (const state of states) {
      view.show(state);
      await turn();
    }
    assert.deepEqual(told.slice(2), [
      "serving default/iris missing [] changed [traffic]",
      "serving default/iris missing [] changed [containers]",
      "serving default/iris missing [] changed [graph]",
      "serving default/iris missing [] changed [policy]",
      "progress nothing to serve yet; the files are read again when they change",
      "gone default/iris",
    ]);
    view.close();
  });

  it("says nothing of a deployment that is half there until people have waited, then what for", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { view, told } = recordingView();
    const wanted = planOf({ main: 75, canary: 25 });
    view.show(
      stateOf({
        wanted: [wanted],
        serving: [planOf({ canary: 25 })],
        processes: [running("canary", "1"), starting("main")],
      }),
    );
    await turn();
    assert.deepEqual(told, []);
    mock.timers.tick(3000);
    assert.deepEqual(told, [
      "serving default/iris missing [main] changed []",
      "waiting default/iris/main/model: readiness probe: refused",
    ]);
    mock.timers.tick(3000);
    assert.equal(told.length, 2, "nothing twice");
    view.close();
    mock.timers.reset();
  });

  it("tells of problems when they change, with the deployments that go on as they were", () => {
    const { view, told } = recordingView();
    const problems = [problem("SourceUnreadable", { message: "gone" })];
    for (const state of [
      stateOf({ problems, outdated: ["default/iris"] }),
      stateOf({ problems, outdated: ["default/iris"] }),
      stateOf({}),
    ]) {
      view.show(state);
    }
    assert.deepEqual(told, ["problems SourceUnreadable outdated default/iris", "problems  outdated "]);
    view.close();
  });

  it("never shows a state that was overtaken before Envoy had it", async () => {
    const { view, told } = recordingView();
    view.show(stateOf({ settled: new Promise((resolve) => setTimeout(resolve, 5)) }));
    view.show(stateOf({ serving: [], wanted: [] }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(told, ["progress nothing to serve yet; the files are read again when they change"]);
    view.close();
  });
});
