import assert from "node:assert/strict";
import type { Fields } from "../runner/kube.ts";
import { deployment, model, predictor, type DeploymentShape, type PredictorShape } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const SEPARATE = { "seldon.io/engine-separate-pod": "true" };

/** A deployment of one predictor. */
function one(shape: PredictorShape = {}, more: Partial<DeploymentShape> = {}): Fields {
  return deployment("fixed", { ...more, predictors: [predictor("default", { replicas: 1, ...shape })] });
}

const chain = (child: string): Fields => ({
  name: "classifier",
  type: "MODEL",
  children: [{ name: child, type: "MODEL" }],
});

const twoPods = (version: "1" | "2"): PredictorShape => ({
  pods: [[model("classifier", { version })], [model("classifier2", { version })]],
  graph: chain("classifier2"),
});

const twoModels = (version: "1" | "2"): PredictorShape => ({
  pods: [[model("classifier", { version }), model("classifier2", { version })]],
  graph: chain("classifier2"),
});

const v2: PredictorShape = { pods: [[model("classifier", { version: "2" })]] };
const renamed: PredictorShape = { pods: [[model("complex-model", { version: "2" })]] };
const otherResources: PredictorShape = {
  pods: [[model("classifier", { version: "2", resources: { requests: { cpu: "12m", memory: "40Mi" } } })]],
};

const twoPredictors = (version: "1" | "2", more: Partial<DeploymentShape> = {}): Fields =>
  deployment("fixed", {
    ...more,
    predictors: ["first", "second"].map((name) =>
      predictor(name, { traffic: 50, pods: [[model("classifier", { version })]] }),
    ),
  });

/** Applied one after the other under load: no request may fail, and the second one's answer must come. */
interface Update {
  readonly name: string;
  readonly shows: string;
  readonly from: Fields;
  readonly to: Fields;
}

const separate = { annotations: SEPARATE };
const NONE = { "seldon.io/no-engine": "true" };
const alpha = { version: "v1alpha2" } as const;

const UPDATES: readonly Update[] = [
  { name: "image", shows: "a new image", from: one(), to: one(v2) },
  {
    name: "separate-orchestrator",
    shows: "a new image behind an orchestrator in its own pod",
    from: one({}, separate),
    to: one(v2, separate),
  },
  { name: "two-pods", shows: "new images in a graph over two pods", from: one(twoPods("1")), to: one(twoPods("2")) },
  {
    name: "two-models",
    shows: "new images of two models in one pod",
    from: one(twoModels("1")),
    to: one(twoModels("2")),
  },
  {
    name: "two-predictors",
    shows: "new images in both of two predictors",
    from: twoPredictors("1"),
    to: twoPredictors("2"),
  },
  { name: "rename", shows: "a new name of the model, which is a new Deployment", from: one(), to: one(renamed) },
  { name: "resources", shows: "other resources and a new image", from: one(), to: one(otherResources) },
  { name: "one-to-two-pods", shows: "from one pod to a graph over two", from: one(), to: one(twoPods("2")) },
  {
    name: "separate-rename",
    shows: "a new name behind a separate orchestrator",
    from: one({}, separate),
    to: one(renamed, separate),
  },
  {
    name: "separate-resources",
    shows: "other resources behind a separate orchestrator",
    from: one({}, separate),
    to: one(otherResources, separate),
  },
  {
    name: "separate-two-pods",
    shows: "to a graph over two pods behind a separate orchestrator",
    from: one({}, separate),
    to: one(twoPods("2"), separate),
  },
  { name: "to-separate", shows: "the orchestrator moves into a pod of its own", from: one(), to: one(v2, separate) },
  {
    name: "one-to-many-predictors",
    shows: "from one predictor to two others (broken in Seldon, #3857)",
    from: one(),
    to: twoPredictors("2"),
  },
  { name: "many-to-one-predictor", shows: "from two predictors to another one", from: twoPredictors("1"), to: one(v2) },
  {
    name: "separate-to-many",
    shows: "from one predictor to two others, orchestrators in their own pods",
    from: one({}, separate),
    to: twoPredictors("2", separate),
  },
  { name: "from-separate", shows: "the orchestrator moves into the model's pod", from: one({}, separate), to: one(v2) },
  {
    name: "separate-to-none",
    shows: "the orchestrator leaves a pod of its own for none",
    from: one({}, separate),
    to: one({ ...v2, annotations: NONE }, separate),
  },
  {
    name: "none-to-separate",
    shows: "an orchestrator in a pod of its own where there was none",
    from: one({ annotations: NONE }, separate),
    to: one(v2, separate),
  },
  {
    name: "service-name",
    shows: "another name of the predictor's Service, which is in the selector of its pods",
    from: one(),
    to: one({ ...v2, annotations: { "seldon.io/svc-name": "renamed" } }),
  },
  { name: "alpha-to-v1", shows: "from v1alpha2 to v1 with a new image", from: one({}, alpha), to: one(v2) },
];

function underLoad({ name, shows, from, to }: Update): Scenario {
  return {
    name: `rolling/${name}`,
    shows: `no request fails: ${shows}`,
    timeoutMs: 480_000,
    async run(world) {
      await world.apply(from);
      await world.untilServed("fixed");
      assert.equal(await world.untilAnswered("fixed"), V1);
      const load = world.load("fixed");
      await load.more(40);
      await world.apply(to);
      await load.untilAnswer(V2);
      await world.untilAvailable("fixed");
      // The pods of before are drained, and go only now and in their time: load until long after the last answer of theirs.
      await untilTrue(
        "the former version is gone",
        async () => {
          const before = load.answersOf(V1);
          await load.more(60);
          const pods = await world.list("Pod");
          return load.answersOf(V1) === before && pods.every((pod) => pod.metadata.deletionTimestamp === undefined);
        },
        { timeoutMs: 180_000 },
      );
      const { calls } = await load.stopFlawless([V1, V2]);
      world.note(`${calls} requests`);
    },
  };
}

const others: readonly Scenario[] = [
  {
    name: "rolling/replicas",
    shows: "no request fails: replicas 2, 4 and 2 again",
    timeoutMs: 480_000,
    async run(world) {
      await world.apply(one({ replicas: 2 }));
      await world.untilServed("fixed");
      const load = world.load("fixed");
      await load.more(40);
      const kept = await world.podUids("fixed-default");
      await world.apply(one({ replicas: 4 }));
      await world.untilAvailable("fixed");
      const four = await world.podUids("fixed-default");
      assert.equal(four.length, 4);
      assert.ok(
        kept.every((uid) => four.includes(uid)),
        "pods were restarted",
      );
      await world.apply(one({ replicas: 2 }));
      await world.untilAvailable("fixed");
      await untilTrue("two pods are left", async () => (await world.list("Pod")).length === 2);
      await load.more(40);
      await load.stopFlawless([V1]);
    },
  },
  {
    name: "rolling/headless",
    shows: "a Service that becomes headless is made anew, and requests are answered again",
    async run(world) {
      await world.apply(one());
      await world.untilServed("fixed");
      const { spec: before } = await world.need("Service", "fixed-default");
      assert.notEqual(before?.["clusterIP"], "None");
      await world.apply(one({}, { annotations: { "seldon.io/headless-svc": "true" } }));
      await untilTrue(
        "the Service is headless",
        async () => (await world.get("Service", "fixed-default"))?.spec?.["clusterIP"] === "None",
      );
      await world.untilServed("fixed");
      const { status } = await world.need("SeldonDeployment", "fixed");
      assert.equal(status?.["description"], undefined);
      assert.equal(await world.untilAnswered("fixed"), V1);
    },
  },
  {
    name: "rolling/versions",
    shows: "v1alpha2, v1alpha3 and v1 of one deployment are the same to the pods",
    async run(world) {
      await world.apply(one({}, { version: "v1alpha2" }));
      await world.untilServed("fixed");
      const pods = await world.podUids("fixed-default");
      const load = world.load("fixed");
      for (const version of ["v1alpha3", "v1"] as const) {
        await world.apply(one({}, { version }));
        await world.untilAvailable("fixed");
        await load.more(20);
        assert.deepEqual(await world.podUids("fixed-default"), pods);
      }
      await load.stopFlawless([V1]);
    },
  },
];

export const scenarios: readonly Scenario[] = [...UPDATES.map(underLoad), ...others];
