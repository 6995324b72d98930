import assert from "node:assert/strict";
import type { Fields } from "../runner/kube.ts";
import { deployment, model, predictor, type PredictorShape } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { until, untilTrue } from "../runner/until.ts";
import type { World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const canaryPods = [[model("classifier", { version: "2" })]];

/** Where an image can't be had, a pod never becomes ready. */
const STUCK = [[model("classifier", { image: "docker.io/graphway/no-such-model:1" })]];

async function allPodUids(world: World): Promise<readonly string[]> {
  return (await world.podsOf("")).map((pod) => pod.metadata.uid ?? "").sort();
}

async function unchanged(world: World, uids: readonly string[], after: string): Promise<void> {
  assert.deepEqual(await allPodUids(world), uids, `pods were restarted by ${after}`);
  const pods = await world.podsOf("");
  const restarts = pods.flatMap((pod) =>
    ((pod.status?.["containerStatuses"] ?? []) as readonly { restartCount: number }[]).map((one) => one.restartCount),
  );
  assert.ok(
    restarts.every((count) => count === 0),
    `containers were restarted by ${after}`,
  );
}

export const scenarios: readonly Scenario[] = [
  {
    name: "edits/without-restart",
    shows: "weights, shadow percentage, replicas and graph edits that change no container restart no pod",
    timeoutMs: 480_000,
    async run(world) {
      const graph = (more: Fields = {}): Fields => ({ name: "classifier", type: "MODEL", ...more });
      const sdep = (main: PredictorShape, shadow: PredictorShape): Fields =>
        deployment("edited", {
          predictors: [
            predictor("main", { graph: graph(), ...main }),
            predictor("other", { pods: canaryPods, ...main, traffic: 100 - (main.traffic ?? 0) }),
            predictor("copy", { shadow: true, pods: canaryPods, ...shadow }),
          ],
        });
      await world.apply(sdep({ traffic: 60 }, { traffic: 10 }));
      await world.untilServed("edited");
      const pods = await allPodUids(world);
      const load = world.load("edited", {}, { loops: 1 });
      const edits: readonly (readonly [string, Fields])[] = [
        ["weights", sdep({ traffic: 30 }, { traffic: 10 })],
        ["the shadow's percentage", sdep({ traffic: 30 }, { traffic: 80 })],
        [
          "a logger",
          sdep(
            { traffic: 30, graph: graph({ logger: { mode: "all", url: "http://nobody.invalid" } }) },
            { traffic: 80 },
          ),
        ],
      ];
      for (const [what, edit] of edits) {
        await world.apply(edit);
        await world.untilAvailable("edited");
        await load.more(20);
        await unchanged(world, pods, what);
      }
      await load.stopFlawless([V1, V2]);
    },
  },
  {
    name: "edits/graph-reaches-orchestrator",
    shows: "another child for a router reaches the running orchestrator, and no pod is restarted",
    async run(world) {
      const graph = (children: readonly string[]): Fields => ({
        name: "router",
        type: "ROUTER",
        children: children.map((name) => ({ name, type: "MODEL" })),
      });
      const pods = [[model("router", { env: { ROUTE: "0" } }), model("left"), model("right", { version: "2" })]];
      const sdep = (children: readonly string[]): Fields =>
        deployment("routed", { predictors: [predictor("default", { pods, graph: graph(children) })] });
      await world.apply(sdep(["left", "right"]));
      await world.untilServed("routed");
      const uids = await allPodUids(world);
      assert.equal(await world.untilAnswered("routed"), V1);
      const load = world.load("routed", {}, { loops: 1 });
      await world.apply(sdep(["right", "left"]));
      await load.untilAnswer(V2);
      await world.untilAvailable("routed");
      await load.more(20);
      await load.stopFlawless([V1, V2]);
      await unchanged(world, uids, "an edit of the graph");
    },
  },
  {
    name: "edits/built-in-parameters",
    shows: "another ratioA of a RANDOM_ABTEST moves the traffic inside the graph, and no pod is restarted",
    async run(world) {
      const graph = (ratioA: string): Fields => ({
        name: "ab",
        implementation: "RANDOM_ABTEST",
        parameters: [{ name: "ratioA", value: ratioA, type: "FLOAT" }],
        children: ["left", "right"].map((name) => ({ name, type: "MODEL" })),
      });
      const pods = [[model("left"), model("right", { version: "2" })]];
      const sdep = (ratioA: string): Fields =>
        deployment("ratio", { predictors: [predictor("default", { pods, graph: graph(ratioA) })] });
      await world.apply(sdep("1.0"));
      await world.untilServed("ratio");
      const uids = await allPodUids(world);
      const load = world.load("ratio", {}, { loops: 1 });
      await load.more(30);
      assert.equal(load.answersOf(V2), 0, "ratioA 1.0 sent requests to the right");
      await world.apply(sdep("0.0"));
      await load.untilAnswer(V2);
      await world.untilAvailable("ratio");
      await load.stopFlawless([V1, V2]);
      await unchanged(world, uids, "a parameter of a built-in node");
    },
  },
  {
    name: "edits/add-and-remove-canary",
    shows: "a canary comes and goes, the survivor keeps its pods and no request fails; its objects go with it",
    timeoutMs: 480_000,
    async run(world) {
      const main = (traffic: number): Fields => predictor("main", { traffic });
      const canary = predictor("canary", { traffic: 25, pods: canaryPods });
      await world.apply(deployment("example", { predictors: [main(100)] }));
      await world.untilServed("example");
      const survivors = await world.podUids("example-main");
      const load = world.load("example");
      await world.apply(deployment("example", { predictors: [main(75), canary] }));
      await load.untilAnswer(V2);
      await world.untilAvailable("example");
      assert.deepEqual(await world.podUids("example-main"), survivors, "after the canary came");
      await world.apply(deployment("example", { predictors: [main(100)] }));
      await Promise.all([
        world.untilGone("Deployment", "example-canary-0-classifier"),
        world.untilGone("Service", "example-canary"),
        world.untilGone("DestinationRule", "example-canary"),
      ]);
      await world.untilAvailable("example");
      await untilTrue("its pods are gone", async () => (await world.list("Pod")).length === 1);
      await load.more(30);
      await load.stopFlawless([V1, V2]);
      assert.deepEqual(await world.podUids("example-main"), survivors, "after the canary went");
    },
  },
  {
    name: "edits/promote-canary",
    shows: "the canary takes over: the former main goes, the canary keeps its pods",
    timeoutMs: 480_000,
    async run(world) {
      await world.apply(
        deployment("example", {
          predictors: [predictor("main", { traffic: 75 }), predictor("canary", { traffic: 25, pods: canaryPods })],
        }),
      );
      await world.untilServed("example");
      const survivors = await world.podUids("example-canary");
      const load = world.load("example");
      await load.more(20);
      await world.apply(
        deployment("example", { predictors: [predictor("canary", { traffic: 100, pods: canaryPods })] }),
      );
      await world.untilGone("Deployment", "example-main-0-classifier");
      await world.untilAvailable("example");
      await untilTrue("its pods are gone", async () => (await world.list("Pod")).length === 1);
      await load.more(30);
      await load.stopFlawless([V1, V2]);
      assert.deepEqual(await world.podUids("example-canary"), survivors);
    },
  },
  {
    name: "edits/stuck-canary",
    shows: "a canary that never becomes ready gets no traffic and freezes nothing: weights of the others still move",
    timeoutMs: 480_000,
    async run(world) {
      const sdep = (blue: number, green: number, stuck: number): Fields =>
        deployment("stuck", {
          predictors: [
            predictor("blue", { traffic: blue }),
            predictor("green", { traffic: green, pods: canaryPods }),
            ...(stuck === 0 ? [] : [predictor("canary", { traffic: stuck, pods: STUCK })]),
          ],
        });
      await world.apply(sdep(100, 0, 0));
      await world.untilServed("stuck");
      const load = world.load("stuck");
      await world.apply(sdep(90, 0, 10));
      await load.more(40);
      await world.apply(sdep(0, 90, 10));
      await load.untilAnswer(V2);
      await load.more(60);
      const { status } = await world.need("SeldonDeployment", "stuck");
      assert.notEqual(status?.["state"], "Available");
      await load.stopFlawless([V1, V2]);
    },
  },
  {
    name: "edits/drift",
    shows: "what somebody changes or deletes by hand is put right",
    async run(world) {
      await world.apply(deployment("kept", { predictors: [predictor("default")] }));
      await world.untilAvailable("kept");
      const rulesOf = async (): Promise<string> =>
        JSON.stringify((await world.need("VirtualService", "kept")).spec?.["http"]);
      const routes = await rulesOf();
      await world.kube.patch("VirtualService", world.namespace, "kept", {
        spec: { http: [{ directResponse: { status: 418 } }] },
      });
      await untilTrue("the routes are as before", async () => (await rulesOf()) === routes);
      const rule = (await world.need("DestinationRule", "kept-default")).metadata.uid;
      await world.kube.delete("DestinationRule", world.namespace, "kept-default");
      await until("the DestinationRule is back", async () => {
        const found = await world.get("DestinationRule", "kept-default");
        return found !== undefined && found.metadata.uid !== rule ? true : undefined;
      });
      await world.kube.delete("Service", world.namespace, "kept-default");
      await until("the Service is back", () => world.get("Service", "kept-default"));
      const name = "kept-default-0-classifier";
      await world.kube.patch("Deployment", world.namespace, name, {
        metadata: { labels: { "seldon-deployment-id": "x" } },
      });
      await untilTrue("the label is back", async () => {
        return (await world.need("Deployment", name)).metadata.labels?.["seldon-deployment-id"] === "kept";
      });
      await world.untilAvailable("kept");
      await world.untilAnswered("kept");
    },
  },
  {
    name: "edits/delete",
    shows: "everything goes with the deployment",
    async run(world) {
      await world.apply(
        deployment("gone", { predictors: [predictor("a", { traffic: 50 }), predictor("b", { traffic: 50 })] }),
      );
      await world.untilAvailable("gone");
      await world.kubectl("delete", "sdep", "gone", "--wait=false");
      const kinds = [
        "Deployment",
        "VirtualService",
        "DestinationRule",
        "HorizontalPodAutoscaler",
        "PodDisruptionBudget",
      ];
      await untilTrue("nothing is left", async () => {
        const left = await Promise.all([...kinds, "Service"].map((kind) => world.list(kind)));
        return left.flat().length === 0;
      });
    },
  },
];
