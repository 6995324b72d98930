import assert from "node:assert/strict";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { runProgram } from "../cluster/setup/run-program.ts";
import { without, type Fields, type KubeObject } from "../runner/kube.ts";
import { deployment, model, predictor, type DeploymentShape } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import type { World } from "../runner/world.ts";
import { leaveAsSeldon } from "../seldon-leftovers/leave.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CHART = join(ROOT, "deploy", "helm", "graphway");
const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const ORCHESTRATOR = "seldon-container-engine";
const SEPARATE = { "seldon.io/engine-separate-pod": "true" };

/** A deployment that only the control plane of this scenario takes. */
function own(world: World, name: string, shape: DeploymentShape): Fields {
  return deployment(name, { ...shape, labels: { "seldon.io/controller-id": world.namespace } });
}

/** A control plane in the scenario's namespace, for as long as the work takes. */
async function withControlPlane(world: World, set: readonly string[], work: () => Promise<void>): Promise<void> {
  const values = [
    `controllerId=${world.namespace}`,
    "crd.create=false",
    "istio.enabled=true",
    `istio.gateway=${world.target.gateway}`,
    ...set,
  ];
  const words = values.flatMap((one) => ["--set", one]);
  await world.helm("install", "seldon-core", CHART, ...words, "--wait", "--timeout", "240s");
  try {
    await work();
  } finally {
    await world.helm("uninstall", "seldon-core", "--wait");
  }
}

/** Flags and variables of a control plane. */
interface Settings {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Those that a user would give before there is one. */
function fewSettings({ target, namespace }: World): Settings {
  return { words: [], env: { ISTIO_ENABLED: "true", ISTIO_GATEWAY: target.gateway, CONTROLLER_ID: namespace } };
}

/** Those of the one that runs. */
async function runningSettings(world: World): Promise<Settings> {
  const { spec } = await world.need("Deployment", "graphway-control-plane");
  const { containers } = (spec?.["template"] as { readonly spec: { readonly containers: readonly Program[] } }).spec;
  const { args = [], env = [] } = containers[0] ?? {};
  // The one that is looked up and matters is the namespace.
  const valueOf = ({ value = "", valueFrom }: Variable): string => (valueFrom === undefined ? value : world.namespace);
  return { words: args, env: Object.fromEntries(env.map((one) => [one.name, valueOf(one)])) };
}

interface Program {
  readonly args?: readonly string[];
  readonly env?: readonly Variable[];
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

/** `graphway plan --cluster`. */
function planCluster({ target, namespace }: World, { words, env }: Settings): Promise<string> {
  const { kubeconfig, context } = target;
  const where = ["--kubeconfig", kubeconfig, ...(context === undefined ? [] : ["--context", context])];
  const all = ["plan", "--cluster", ...words, ...where, "--namespace", namespace];
  return runProgram(process.execPath, [join(ROOT, "cli", "main.ts"), ...all], { env, timeoutMs: 180_000 });
}

const REVISION = "deployment.kubernetes.io/revision";
const KINDS = [
  "SeldonDeployment",
  "Service",
  "Deployment",
  "HorizontalPodAutoscaler",
  "PodDisruptionBudget",
  "VirtualService",
  "DestinationRule",
];

/** What a control plane may write of every object, by kind and name; pods excepted. Kubernetes' own statuses change meanwhile. */
async function written(world: World): Promise<ReadonlyMap<string, string>> {
  const lists = await Promise.all(KINDS.map((kind) => world.list(kind)));
  return new Map(lists.flat().map((object) => [`${object.kind}/${object.metadata.name}`, writtenPart(object)]));
}

function writtenPart({ kind, metadata, spec, status }: KubeObject): string {
  const { uid, generation, labels, annotations = {}, managedFields = [] } = metadata;
  const managers = managedFields.map(({ manager }) => manager).filter((name) => !name.startsWith("kube-"));
  const own = kind === "SeldonDeployment" ? status : undefined;
  return JSON.stringify([uid, generation, labels, without(annotations, [REVISION]), new Set(managers).size, spec, own]);
}

async function uids(world: World, name: string): Promise<readonly string[]> {
  const pods = await world.list("Pod");
  const own = pods.filter(({ metadata }) => metadata.name.startsWith(`${name}-`));
  return own.map(({ metadata }) => metadata.uid ?? "").sort();
}

interface PodContainer {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string }[];
  readonly ports?: readonly { readonly containerPort: number }[];
}

interface Template {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly PodContainer[] };
}

function templateOf({ spec }: KubeObject): Template {
  return spec?.["template"] as Template;
}

function orchestratorOf(object: KubeObject): PodContainer | undefined {
  return templateOf(object).spec.containers.find((one) => one.name === ORCHESTRATOR);
}

/** The Deployment has none of the traces of Seldon's operator. */
async function assertOurs(world: World, name: string): Promise<void> {
  const object = await world.need("Deployment", name);
  const managers = (object.metadata.managedFields ?? []).map((one) => one.manager);
  assert.ok(!managers.includes("manager"), `${name} is still owned by ${managers.join(", ")}`);
  assert.notEqual(orchestratorOf(object)?.image, world.target.executorImage);
}

/** Resolves once the pods of the resource are other ones, all of them. */
async function untilReplaced(world: World, name: string, before: readonly string[]): Promise<void> {
  await untilTrue(
    `the pods of ${name} are other ones`,
    async () => {
      const now = await uids(world, name);
      return now.length === before.length && now.every((uid) => !before.includes(uid));
    },
    { timeoutMs: 240_000 },
  );
}

const UTILIZATION = {
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
};

interface CanaryShape {
  readonly traffic: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly version?: "1" | "2";
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Two predictors, the second with an autoscaler. */
function canary(world: World, { traffic, env = {}, version = "1", annotations = {} }: CanaryShape): Fields {
  const pod = {
    hpaSpec: { minReplicas: 1, maxReplicas: 3, metricsv2: [UTILIZATION] },
    spec: { containers: [model("classifier", { version })] },
  };
  const main = predictor("main", { traffic: 100 - traffic, pods: [[model("classifier", { env })]] });
  const second = { ...predictor("canary", { traffic, annotations }), componentSpecs: [pod] };
  return own(world, "split", { predictors: [main, second] });
}

async function takeOver(world: World): Promise<void> {
  const explainer = {
    type: "AnchorTabular",
    containerSpec: { ...model("explainer"), resources: { requests: { cpu: "5m" } } },
  };
  const shadow = predictor("copy", { traffic: 50, shadow: true });
  await Promise.all([
    leaveAsSeldon(world, own(world, "single", { predictors: [predictor("default")] })),
    leaveAsSeldon(world, canary(world, { traffic: 25 }), "former"),
    leaveAsSeldon(world, own(world, "apart", { annotations: SEPARATE, predictors: [predictor("default")] })),
    leaveAsSeldon(world, own(world, "explained", { predictors: [predictor("default", { explainer })] })),
    leaveAsSeldon(world, own(world, "mirrored", { predictors: [predictor("main", { traffic: 100 }), shadow] })),
  ]);
  const names = ["single", "split", "apart", "explained", "mirrored"];
  for (const name of names) await world.untilAnswered(name);
  const pods = new Map(await Promise.all(names.map(async (name) => [name, await uids(world, name)] as const)));
  const loads = names.map((name) => world.load(name, {}, { loops: 1, pauseMs: 30 }));

  const before = await written(world);
  const plan = await planCluster(world, fewSettings(world));
  assert.deepEqual(await written(world), before, "plan --cluster wrote something");
  assert.doesNotMatch(plan, /new pods/);
  assert.match(plan, /delete DestinationRule split-former/);
  assert.match(plan, /delete HorizontalPodAutoscaler split-former-0-classifier/);
  assert.equal(plan.match(/pods stay/g)?.length, 9, plan);

  await withControlPlane(world, [], async () => {
    for (const name of names) await world.untilAvailable(name);
    for (const load of loads) await load.more(60);
    for (const name of names) assert.deepEqual(await uids(world, name), pods.get(name), `pods of ${name}`);
    for (const object of await world.list("Deployment", "seldon-deployment-id")) {
      const { annotations = {}, name } = object.metadata;
      assert.ok(annotations["graphway.dev/hash"], `${name} is not taken over`);
      assert.equal(annotations["seldon.io/last-applied"], undefined);
      const image = orchestratorOf(object)?.image;
      assert.ok(image === undefined || image === world.target.executorImage, `${name} runs ${image}`);
    }
    await world.untilGone("DestinationRule", "split-former");
    await world.untilGone("HorizontalPodAutoscaler", "split-former-0-classifier");
    await untilTrue("the status lists what there is", async () => {
      const { status } = await world.need("SeldonDeployment", "split");
      const listed = Object.keys(status?.["deploymentStatus"] as object).sort();
      return isDeepStrictEqual(listed, ["split-canary-0-classifier", "split-main-0-classifier"]);
    });
    let next = "";
    await untilTrue(
      "a plan has nothing to change",
      async () => {
        next = await planCluster(world, await runningSettings(world));
        return next.match(/^ {2}nothing to change$/gm)?.length === names.length;
      },
      { describe: () => next },
    );
    for (const load of loads) await load.stopFlawless([V1]);
  });
}

async function edit(world: World): Promise<void> {
  const [env, annotations] = [{ OLD: "yes" }, { team: "blue" }];
  await leaveAsSeldon(world, canary(world, { traffic: 25, env, annotations }));
  await world.untilAnswered("split");
  await withControlPlane(world, [], async () => {
    await world.untilAvailable("split");
    const load = world.load("split");
    const [main, second] = [await uids(world, "split-main"), await uids(world, "split-canary")];

    await world.apply(canary(world, { traffic: 50, env, annotations }));
    await world.untilAvailable("split");
    await load.more(40);
    assert.deepEqual([await uids(world, "split-main"), await uids(world, "split-canary")], [main, second]);

    await world.apply(canary(world, { traffic: 50, annotations }));
    await untilReplaced(world, "split-main", main);
    await world.untilAvailable("split");
    await assertOurs(world, "split-main-0-classifier");
    const [classifier] = templateOf(await world.need("Deployment", "split-main-0-classifier")).spec.containers;
    assert.ok(!classifier?.env?.some((one) => one.name === "OLD"), "a variable that was removed is still there");
    assert.deepEqual(await uids(world, "split-canary"), second, "pods of the other predictor");

    await world.apply(canary(world, { traffic: 50, version: "2" }));
    await load.untilAnswer(V2);
    await untilReplaced(world, "split-canary", second);
    await world.untilAvailable("split");
    await assertOurs(world, "split-canary-0-classifier");
    const rolled = await world.need("Deployment", "split-canary-0-classifier");
    assert.equal(templateOf(rolled).metadata.annotations?.["team"], undefined);
    assert.equal(rolled.metadata.annotations?.["team"], undefined);

    const kept = await uids(world, "split-main");
    await world.apply(own(world, "split", { predictors: [predictor("main", { traffic: 100 })] }));
    for (const [kind, name] of [
      ["Deployment", "split-canary-0-classifier"],
      ["HorizontalPodAutoscaler", "split-canary-0-classifier"],
      ["Service", "split-canary-classifier"],
      ["Service", "split-canary"],
      ["DestinationRule", "split-canary"],
    ] as const) {
      await world.untilGone(kind, name);
    }
    await load.more(40);
    assert.deepEqual(await uids(world, "split-main"), kept);
    const { calls } = await load.stopFlawless([V1, V2]);
    world.note(`${calls} requests`);
  });
}

async function roll(world: World): Promise<void> {
  await Promise.all([
    leaveAsSeldon(world, own(world, "single", { predictors: [predictor("default")] })),
    leaveAsSeldon(world, own(world, "apart", { annotations: SEPARATE, predictors: [predictor("default")] })),
  ]);
  const names = ["single", "apart"];
  for (const name of names) await world.untilAnswered(name);
  const before = await Promise.all(names.map((name) => uids(world, name)));
  const loads = names.map((name) => world.load(name));
  await withControlPlane(world, ["manager.adopt=roll"], async () => {
    for (const [index, name] of names.entries()) await untilReplaced(world, name, before[index] ?? []);
    for (const name of names) await world.untilAvailable(name);
    for (const name of ["single-default-0-classifier", "apart-default-svc-orch", "apart-default-0-classifier"]) {
      await assertOurs(world, name);
    }
    const engine = orchestratorOf(await world.need("Deployment", "single-default-0-classifier"));
    assert.deepEqual(
      engine?.ports?.map((one) => one.containerPort),
      [8000, 5001],
    );
    for (const load of loads) await load.more(40);
    for (const load of loads) await load.stopFlawless([V1]);
  });
}

export const scenarios: readonly Scenario[] = [
  {
    name: "adoption/keep",
    shows: "what Seldon's operator left is taken over: no pod restarts, no request fails, what it leaked is cleaned up",
    timeoutMs: 900_000,
    run: takeOver,
  },
  {
    name: "adoption/edits",
    shows: "edits after a takeover: weights restart no pod, what is removed really goes, and so does a canary",
    timeoutMs: 900_000,
    run: edit,
  },
  {
    name: "adoption/roll",
    shows: "with `manager.adopt=roll` the pods become ours at once, and no request fails",
    timeoutMs: 900_000,
    run: roll,
  },
];
