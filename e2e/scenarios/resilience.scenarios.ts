import assert from "node:assert/strict";
import { isReady, without, type Fields, type KubeObject } from "../runner/kube.ts";
import { deployment, model, predictor } from "../runner/manifest.ts";
import { crashApiServer, Operator } from "../runner/operator.ts";
import type { Scenario } from "../runner/scenario.ts";
import { pause, until, untilTrue } from "../runner/until.ts";
import type { World } from "../runner/world.ts";

const V1 = "[1,2,3,4]";
const V2 = "[5,6,7,8]";
const version2 = [[model("classifier", { version: "2" })]];
const OWNED = ["Deployment", "Service", "VirtualService", "DestinationRule"] as const;

const REVISION = "deployment.kubernetes.io/revision";
/** Of all that is written, the owner's uid among it, which is another after it was deleted. */
const OWNED_HASH = "graphway.dev/hash";
/** What the API server gives a Service. */
const GIVEN = ["clusterIP", "clusterIPs"];

/** What is the same however one got there: names, labels and specs, without what the API server gives. */
async function objectsOf(world: World): Promise<string> {
  const objects = (await Promise.all(OWNED.map((kind) => world.list(kind)))).flat();
  const plain = objects.map(({ kind, metadata: { name, labels, annotations = {} }, spec = {} }) => {
    const own = without(annotations, [REVISION, OWNED_HASH]);
    return { kind, name, labels, annotations: own, spec: without(spec, GIVEN) };
  });
  return JSON.stringify(plain, null, 1);
}

/** What a write of the control plane changes; what others change (a Deployment's status) is not among it. */
function writtenPart({ kind, metadata, spec, status }: KubeObject): string {
  const part = kind === "SeldonDeployment" ? status : spec;
  return JSON.stringify([metadata.labels, metadata.deletionTimestamp, part]);
}

/** Calls back after every write of the control plane to the namespace, until it is stopped. */
async function onEveryWrite(world: World, hear: (what: string) => void): Promise<() => void> {
  const last = new Map<string, string>();
  const stops = await Promise.all(
    [...OWNED, "SeldonDeployment"].map((kind) =>
      world.kube.watch(kind, world.namespace, (type, object) => {
        const key = `${object.kind}/${object.metadata.name}`;
        const part = type === "DELETED" ? "" : writtenPart(object);
        const isUsers = kind === "SeldonDeployment" && type === "ADDED";
        if (last.get(key) === part) return;
        last.set(key, part);
        if (!isUsers) hear(`${type} ${key}`);
      }),
    ),
  );
  return () => {
    for (const stop of stops) stop();
  };
}

/** Applies again while the webhook is not reached: a new pod is ready a moment before its Service leads there. */
async function untilTaken(world: World, edit: Fields): Promise<void> {
  await until("the edit is taken", async () => {
    await world.apply(edit);
    return true;
  });
}

/** Ends one of these pods; resolves when it is gone and all are ready again. */
async function replaceOne(world: World, selector: string): Promise<void> {
  const before = await world.podsOf(selector);
  const [first] = before;
  await world.kube.delete("Pod", world.namespace, first?.metadata.name ?? "");
  await untilTrue("another pod is in its place", async () => {
    const pods = await world.list("Pod", selector);
    const isGone = pods.every(({ metadata }) => metadata.uid !== first?.metadata.uid);
    return isGone && pods.length === before.length && pods.every(isReady);
  });
}

/** With so many control planes; afterwards, whatever became of it, there is one again, and it leads. */
async function withControlPlanes(
  world: World,
  replicas: number,
  work: (operator: Operator) => Promise<void>,
): Promise<void> {
  const operator = new Operator(world);
  try {
    await operator.scale(replicas);
    await work(operator);
  } finally {
    await operator.scale(1);
    await operator.untilLed();
  }
}

const BEFORE = deployment("example", { predictors: [predictor("main", { traffic: 100 })] });
const AFTER = deployment("example", {
  predictors: [predictor("main", { traffic: 40 }), predictor("canary", { traffic: 60, pods: version2 })],
});

export const scenarios: readonly Scenario[] = [
  {
    name: "resilience/killed-after-every-write",
    shows:
      "a control plane that is killed at every write that is seen of it ends with the same objects, and no request fails",
    isAlone: true,
    timeoutMs: 1_200_000,
    async run(world) {
      const operator = new Operator(world);
      await world.apply(BEFORE);
      await world.untilServed("example");
      const load = world.load("example");
      let kills = 0;
      let isDying: Promise<void> | undefined;
      const failed: unknown[] = [];
      const stop = await onEveryWrite(world, () => {
        if (isDying !== undefined) return;
        kills += 1;
        isDying = operator
          .kill()
          .then(() => operator.untilReady())
          .catch((error: unknown) => void failed.push(error))
          .finally(() => (isDying = undefined));
      });
      try {
        await world.apply(AFTER);
        await world.untilAvailable("example", { timeoutMs: 600_000 });
        await until(
          "nothing is written any more",
          async () => {
            const before = kills;
            await isDying;
            await operator.untilLed();
            await pause(3000);
            return kills === before ? true : undefined;
          },
          { timeoutMs: 300_000 },
        );
      } finally {
        // Whoever comes next finds one that lives: what is written at the end of this namespace kills nobody.
        stop();
        await isDying;
      }
      assert.deepEqual(failed, [], "a control plane did not come back");
      await load.more(40);
      await load.stopFlawless([V1, V2]);
      world.note(`killed ${kills} times`);
      // What it still wrote between one that was seen and its end is part of the same kill: at least objects and routes, which wait for pods.
      assert.ok(kills >= 2, `killed ${kills} times only`);
      const hurt = await objectsOf(world);
      await world.kube.delete("SeldonDeployment", world.namespace, "example");
      await untilTrue("all of it is gone", async () => {
        return (await Promise.all(OWNED.map((kind) => world.list(kind)))).flat().length === 0;
      });
      await world.apply(BEFORE);
      await world.untilAvailable("example");
      await world.apply(AFTER);
      await world.untilAvailable("example");
      let calm = "";
      await untilTrue("the objects are the same", async () => (calm = await objectsOf(world)) === hurt, {
        describe: () => `${calm}\ninstead of\n${hurt}`,
      });
    },
  },
  {
    name: "resilience/control-plane-away",
    shows:
      "without a control plane everything is served, pods start again, and what was asked meanwhile is done afterwards",
    isAlone: true,
    timeoutMs: 900_000,
    async run(world) {
      await world.apply(deployment("alone", { replicas: 2, predictors: [predictor("default")] }));
      await world.untilServed("alone");
      const load = world.load("alone");
      await withControlPlanes(world, 0, async () => {
        await load.more(40);
        await replaceOne(world, "seldon-app=alone-default");
        await load.more(40);
      });
      const edit = deployment("alone", { replicas: 2, predictors: [predictor("default", { pods: version2 })] });
      await untilTaken(world, edit);
      await load.untilAnswer(V2);
      await world.untilAvailable("alone");
      await load.stopFlawless([V1, V2]);
    },
  },
  {
    name: "resilience/lost-lease",
    shows: "of two control planes one writes; when somebody takes its lease it stops, and edits still come through",
    isAlone: true,
    timeoutMs: 900_000,
    run: (world) =>
      withControlPlanes(world, 2, async (operator) => {
        const lease = await operator.lease();
        await world.apply(deployment("led", { predictors: [predictor("default")] }));
        await world.untilServed("led");
        await world.kube.patch("Lease", world.target.operatorNamespace, lease.metadata.name, {
          spec: { holderIdentity: "somebody-else", renewTime: new Date().toISOString().replace("Z", "000Z") },
        });
        const load = world.load("led");
        await world.apply(deployment("led", { predictors: [predictor("default", { pods: version2 })] }));
        await load.untilAnswer(V2);
        await world.untilAvailable("led");
        await load.stopFlawless([V1, V2]);
        const { spec } = await operator.lease();
        assert.notEqual(spec?.["holderIdentity"], "somebody-else");
      }),
  },
  {
    name: "resilience/two-control-planes",
    shows: "orchestrators are connected to both of two control planes, and an edit of the graph reaches them by either",
    isAlone: true,
    timeoutMs: 900_000,
    run: (world) =>
      withControlPlanes(world, 2, async (operator) => {
        const pods = [[model("router", { env: { ROUTE: "0" } }), model("left"), model("right", { version: "2" })]];
        const routed = (...children: readonly string[]): Fields => {
          const graph = { name: "router", type: "ROUTER", children: children.map((name) => ({ name, type: "MODEL" })) };
          return deployment("routed", { predictors: [predictor("default", { replicas: 4, pods, graph })] });
        };
        await world.apply(routed("left", "right"));
        await world.untilServed("routed");
        let streams: readonly number[] = [];
        // Which of the two an orchestrator connects to is chance: others take their places until each has one.
        await untilTrue(
          "orchestrators are connected to both",
          async () => {
            streams = await operator.streams();
            if (streams.length === 2 && streams.every((one) => one > 0)) return true;
            await replaceOne(world, "seldon-app=routed-default");
            return false;
          },
          { timeoutMs: 600_000, everyMs: 2000, describe: () => streams.join(" and ") },
        );
        world.note(`${streams.join(" and ")} orchestrators`);
        const load = world.load("routed");
        await load.more(40);
        const uids = await world.podUids("routed-default");
        await world.apply(routed("right", "left"));
        await load.untilAnswer(V2);
        await load.untilNoMore(V1);
        await load.stopFlawless([V1, V2]);
        assert.deepEqual(await world.podUids("routed-default"), uids);
      }),
  },
  {
    name: "resilience/api-server-restart",
    shows: "the API server crashes and comes back: no request fails, and the next edit is done",
    isAlone: true,
    timeoutMs: 900_000,
    async run(world) {
      await world.apply(deployment("calm", { predictors: [predictor("default")] }));
      await world.untilServed("calm");
      const load = world.load("calm");
      await load.more(20);
      crashApiServer(world);
      const isBack = { timeoutMs: 300_000 };
      await until("the API server answers again", () => world.get("SeldonDeployment", "calm"), isBack);
      const edit: Fields = deployment("calm", { predictors: [predictor("default", { pods: version2 })] });
      await untilTaken(world, edit);
      // Controllers that lost their lease meanwhile start anew as well.
      await load.untilAnswer(V2, 300_000);
      await world.untilAvailable("calm");
      await load.stopFlawless([V1, V2]);
    },
  },
];
