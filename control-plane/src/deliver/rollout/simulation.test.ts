import fc from "fast-check";
import { test } from "node:test";
import type { TestDeployment, TestPredictor } from "./manifests-for-tests.ts";
import type { RolloutSettings } from "./rollout-step.ts";
import { Simulation } from "./simulation-for-tests.ts";

const MAIN: TestPredictor = { name: "main", container: "classifier", image: "model:1", weight: 100, replicas: 2 };
const NONE: readonly string[] = [];
const ASKED_RUNS = process.env["ROLLOUT_RUNS"];
/** The same runs every time, unless a number of others is asked for. */
const RUNS = { numRuns: Number(ASKED_RUNS ?? 30), ...(ASKED_RUNS === undefined ? { seed: 7 } : {}) };

/** An edit, and the predictors whose pods it may make anew; undefined: any. */
interface Edit {
  readonly deployment: TestDeployment;
  readonly restarts?: readonly string[];
}

/** Shares that sum up to 100. */
function balanced(predictors: readonly TestPredictor[], first: number): readonly TestPredictor[] {
  const live = predictors.filter((one) => one.shadow === undefined);
  const share = Math.floor((100 - first) / Math.max(live.length - 1, 1));
  const rest = 100 - share * (live.length - 1);
  return predictors.map((one) => ({ ...one, weight: one === live[0] ? rest : share }));
}

function change(one: TestDeployment, at: number, edit: (predictor: TestPredictor) => TestPredictor): TestDeployment {
  const index = at % one.predictors.length;
  return {
    ...one,
    predictors: one.predictors.map((predictor, place) => (place === index ? edit(predictor) : predictor)),
  };
}

function omit(one: TestPredictor, field: keyof TestPredictor): TestPredictor {
  return Object.fromEntries(Object.entries(one).filter(([name]) => name !== field)) as unknown as TestPredictor;
}

type Editor = (before: TestDeployment, number: number) => Edit;

function anyPods(edit: (before: TestDeployment, number: number) => TestDeployment): Editor {
  return (before, number) => ({ deployment: edit(before, number) });
}

function noPods(edit: (before: TestDeployment, number: number) => TestDeployment): Editor {
  return (before, number) => ({ deployment: edit(before, number), restarts: NONE });
}

const EDITS: Readonly<Record<string, Editor>> = {
  addCanary: noPods((before, number) => {
    if (before.predictors.length > 2) return before;
    const canary = { ...MAIN, name: `canary-${number}`, image: `model:${number}`, replicas: 1 };
    return { ...before, predictors: balanced([...before.predictors, canary], number % 100) };
  }),
  removeLast: noPods((before, number) => {
    const predictors = before.predictors.slice(0, -1);
    return predictors.some((one) => one.shadow === undefined)
      ? { ...before, predictors: balanced(predictors, number % 100) }
      : before;
  }),
  weights: noPods((before, number) => ({ ...before, predictors: balanced(before.predictors, number % 101) })),
  image: anyPods((before, number) => change(before, number, (one) => ({ ...one, image: `model:${number}` }))),
  brokenImage: anyPods((before, number) => change(before, number, (one) => ({ ...one, image: `broken:${number}` }))),
  rename: anyPods((before, number) => change(before, number, (one) => ({ ...one, container: `c${number % 3}` }))),
  renamePredictor: anyPods((before, number) => change(before, number, (one) => ({ ...one, name: `p-${number}` }))),
  replicas: noPods((before, number) => change(before, number, (one) => ({ ...one, replicas: number % 4 }))),
  freeReplicas: noPods((before, number) => change(before, number, (one) => omit(one, "replicas"))),
  hpa: noPods((before, number) => change(before, number, (one) => ({ ...one, hpa: one.hpa !== true }))),
  pdb: noPods((before, number) => change(before, number, (one) => ({ ...one, pdb: one.pdb !== true }))),
  shadow: anyPods((before, number) => {
    const { shadow, ...last } = before.predictors.at(-1) ?? MAIN;
    const others = before.predictors.slice(0, -1);
    if (others.length === 0) return before;
    const changed = shadow === undefined ? { ...last, shadow: 1 + (number % 100) } : last;
    return { ...before, predictors: balanced([...others, changed], number % 100) };
  }),
  version: anyPods((before, number) => change(before, number, (one) => ({ ...one, version: `v${number % 3}` }))),
  protocol: anyPods((before) => ({ ...before, protocol: before.protocol === "v2" ? "seldon" : "v2" })),
  separate: anyPods((before) => ({ ...before, separate: before.separate !== true })),
  noEngine: anyPods((before, number) => change(before, number, (one) => ({ ...one, noEngine: one.noEngine !== true }))),
  bypass: noPods((before) => ({ ...before, bypass: before.bypass !== true })),
  serviceName: anyPods((before, number) =>
    change(before, number, (one) => ({ ...one, serviceName: `svc-${one.name}-${number % 2}` })),
  ),
  transformer: anyPods((before, number) => change(before, number, (one) => ({ ...one, transformer: `t:${number}` }))),
  explainer: noPods((before, number) =>
    change(before, number, (one) => ({ ...one, explainer: one.explainer !== true })),
  ),
  invalid: noPods((before) => ({ ...before, predictors: [...before.predictors, ...before.predictors] })),
};

/** Edits that go in two steps, of which the first needs pods that start. */
const NEEDS_GOOD_PODS: ReadonlySet<string> = new Set(["separate", "serviceName", "noEngine"]);

function mended(one: TestDeployment): TestDeployment {
  return {
    ...one,
    predictors: one.predictors.map((predictor) => ({
      ...predictor,
      image: predictor.image.replace("broken", "model"),
    })),
  };
}

/** Where nobody who is to answer wants a pod there is nothing to check, so the first of them then wants one. */
function withSomebody(one: TestDeployment): TestDeployment {
  const answers = (predictor: TestPredictor): boolean => predictor.shadow === undefined && predictor.replicas !== 0;
  if (one.predictors.some((predictor) => answers(predictor) && predictor.weight > 0)) return one;
  const first = one.predictors.findIndex((predictor) => predictor.shadow === undefined);
  const weight = one.predictors.filter((predictor) => predictor.shadow === undefined).length > 1 ? {} : { weight: 100 };
  return {
    ...one,
    predictors: one.predictors.map((predictor, at) =>
      predictor.replicas === 0 && (at === first || predictor.weight > 0)
        ? { ...predictor, ...weight, replicas: 1 }
        : predictor,
    ),
  };
}

const step = fc.record({
  edit: fc.constantFrom(...Object.keys(EDITS)),
  number: fc.integer({ min: 0, max: 997 }),
  ticks: fc.integer({ min: 0, max: 12 }),
  crashes: fc.boolean(),
});

function comeToRest(simulation: Simulation, current: TestDeployment): void {
  simulation.edit(current);
  simulation.settle();
}

interface Step {
  readonly edit: string;
  readonly number: number;
  readonly ticks: number;
  readonly crashes: boolean;
}

function run(seed: number, steps: readonly Step[], settings: Partial<RolloutSettings> = {}): void {
  const simulation = new Simulation(seed, settings);
  let current: TestDeployment = { predictors: [MAIN] };
  simulation.edit(current);
  simulation.settle();
  for (const { edit, number, ticks, crashes } of steps) {
    if (NEEDS_GOOD_PODS.has(edit) && current.predictors.some((one) => one.image.startsWith("broken"))) continue;
    if (edit === "rename" && current.predictors.some((one) => one.noEngine === true)) continue; // its ports may change
    // Beside pods of an earlier edit that still go, or that crashed, there is a gap.
    if (edit === "noEngine") comeToRest(simulation, current);
    const { deployment: edited, restarts } = EDITS[edit]?.(current, number) ?? { deployment: current };
    const deployment = withSomebody(edited);
    simulation.log.push(edit);
    if (simulation.edit(deployment, restarts)) current = deployment;
    for (let tick = 0; tick < ticks; tick += 1) {
      if (crashes && edit !== "noEngine" && simulation.chance() < 0.1) simulation.crash();
      simulation.turn(simulation.chance() < 0.3 ? Math.floor(simulation.chance() * 4) : Infinity);
      simulation.tick();
    }
    if (edit === "noEngine") comeToRest(simulation, current);
  }
  simulation.edit(mended(current));
  simulation.settle();
}

test("whatever is edited, crashes or is killed: routes lead to pods that answer, and all comes to rest as wanted", () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(step, { maxLength: 8 }), (seed, steps) => {
      run(seed, steps);
    }),
    RUNS,
  );
});

test("the same in a mesh with the filter, whose tables name nobody of whom a proxy may not know yet", () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(step, { maxLength: 8 }), (seed, steps) => {
      run(seed, steps, { settleMs: 3000 });
    }),
    RUNS,
  );
});

test("the same behind our own gateways, without Istio", () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(step, { maxLength: 8 }), (seed, steps) => {
      run(seed, steps, { istio: false });
    }),
    RUNS,
  );
});

const AT_ONCE = { number: 0, ticks: 0, crashes: false };

test("behind our own gateways a predictor that is to have no pods keeps them until its successor answers", () => {
  for (const seed of [1, 2, 3, 4])
    run(
      seed,
      [
        { ...AT_ONCE, edit: "addCanary" },
        { ...AT_ONCE, edit: "replicas" },
      ],
      { istio: false },
    );
});

test("behind our own gateways pods move to another Deployment again before those of an earlier move are gone", () => {
  const steps = [
    { ...AT_ONCE, edit: "serviceName", ticks: 2 },
    { ...AT_ONCE, edit: "transformer", ticks: 6 },
    { ...AT_ONCE, edit: "separate" },
    { ...AT_ONCE, edit: "shadow", ticks: 1 },
  ];
  for (const seed of [0, 1, 2, 3]) run(seed, steps, { istio: false });
});
