import assert from "node:assert/strict";
import { without, type Fields, type KubeObject } from "../runner/kube.ts";
import { deployment, model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { until, untilTrue } from "../runner/until.ts";
import type { World } from "../runner/world.ts";

/** E2E_DEPLOYMENTS: another number takes another while. */
const COUNT = Number(process.env["E2E_DEPLOYMENTS"] ?? 150);
/** Writes with the webhook and without it that are compared. */
const TIMES = 40;
/** Writes under way at once, of the users and of the comparison. */
const WRITERS = 8;
/** What a deployment without pods is made of. */
const KINDS = ["Deployment", "Service", "DestinationRule"] as const;
/** So many objects: two of them Services, the predictor's and the container's. */
const EACH = 4;
/** Tries to measure on a machine that is busy. */
const ROUNDS = 3;
const VERSIONS: Readonly<Record<string, string>> = {
  Deployment: "apps/v1",
  Service: "v1",
  DestinationRule: "networking.istio.io/v1",
};
/** What the API server gives a Service. */
const GIVEN = ["clusterIP", "clusterIPs"];

export const scenarios: readonly Scenario[] = [
  {
    name: "speed/webhook",
    shows: "the webhook costs a write less than 10 ms, or half of itself on a slow machine",
    isAlone: true,
    async run(world) {
      const off = { "seldon.io/controller-id": "nobody" };
      const dryRun = async (object: Fields): Promise<number> => {
        const startMs = performance.now();
        await world.kube.apply(object, world.namespace, "&dryRun=All");
        return performance.now() - startMs;
      };
      const image = "docker.io/graphway/model:1";
      const pods = [[model("classifier", { image })]];
      const checked = deployment("timed", { predictors: [predictor("default", { pods })] });
      // Operators with other identities have webhooks of their own: nobody is asked about this one.
      const unchecked = deployment("timed", { labels: off, predictors: [predictor("default", { pods })] });
      let said = "";
      // A machine that is busy with something else is measured again until it is not.
      await untilTrue(
        "the webhook costs little",
        async () => {
          const measured: number[] = [];
          const bare: number[] = [];
          for (let i = 0; i < TIMES; i += 1) {
            measured.push(await dryRun(checked));
            bare.push(await dryRun(unchecked));
          }
          const added = median(measured) - median(bare);
          said = `${added.toFixed(1)} ms on top of ${median(bare).toFixed(1)} ms`;
          // On a machine where the write alone takes long, all of it does.
          return added < Math.max(10, median(bare) / 2);
        },
        { everyMs: 2000, describe: () => said },
      );
      world.note(said);
    },
  },
  {
    name: "speed/many",
    shows: "many deployments without pods reach their objects about as fast as the API server takes the writes",
    isAlone: true,
    timeoutMs: ROUNDS * Math.max(600_000, COUNT * 4_000),
    async run(world) {
      assert.ok(Number.isInteger(COUNT) && COUNT > 0, "E2E_DEPLOYMENTS must be a number from 1");
      await world.apply(withoutPods("example"));
      const objects = await untilObjectsOf(world);
      let said: readonly string[] = [];
      // A machine that was busy with something else in one of the two parts is asked again.
      for (let round = 0, isFast = false; !isFast; round += 1) {
        assert.ok(round < ROUNDS, said.join("; "));
        const { oursMs, appliedMs } = await ourTime(world, round);
        const rawMs = await rawTime(world, objects, round);
        said = [
          `${COUNT} deployments: ${each(oursMs)} ms a deployment, of which ${each(appliedMs)} are the user's write`,
          `its ${objects.length} objects written plainly: ${each(rawMs)} ms`,
        ];
        isFast = oursMs < 3 * (appliedMs + rawMs);
      }
      for (const one of said) world.note(one);
    },
  },
];

function each(ms: number): string {
  return (ms / COUNT).toFixed(1);
}

function withoutPods(name: string): Fields {
  const pods = [[model("classifier", { image: "docker.io/graphway/model:1" })]];
  return deployment(name, { replicas: 0, predictors: [predictor("default", { pods })] });
}

/** How long it takes from the first deployment that is applied to the last object that is there, and the user's part of it. */
async function ourTime(world: World, round: number): Promise<{ readonly oursMs: number; readonly appliedMs: number }> {
  const wanted = EACH * (1 + COUNT * (round + 1));
  const startMs = performance.now();
  const applied = timesMs(() =>
    inParallel(COUNT, (i) => world.kube.apply(withoutPods(`many-${round}-${i}`), world.namespace)),
  );
  let seen = 0;
  await untilTrue(
    `${wanted} objects are there`,
    async () => {
      seen = (await Promise.all(KINDS.map((kind) => countOf(world, kind)))).reduce((sum, one) => sum + one, 0);
      return seen === wanted;
    },
    { timeoutMs: Math.max(300_000, COUNT * 2_000), everyMs: 500, describe: () => `${seen} of ${wanted}` },
  );
  return { oursMs: performance.now() - startMs, appliedMs: await applied };
}

async function countOf(world: World, kind: string): Promise<number> {
  return (await world.list(kind)).length;
}

/** The objects of the only deployment, once all are there. */
function untilObjectsOf(world: World): Promise<readonly KubeObject[]> {
  return until("the first deployment has its objects", async () => {
    const objects = (await Promise.all(KINDS.map((kind) => world.list(kind)))).flat();
    return objects.length === EACH ? objects : undefined;
  });
}

/** How long the same objects take when somebody just writes them, as many at once. */
async function rawTime(world: World, objects: readonly KubeObject[], round: number): Promise<number> {
  const namespace = `${world.namespace}-raw-${round}`;
  await world.kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, "");
  const plain = objects.map(({ kind, metadata: { name, labels }, spec = {} }) => {
    return { apiVersion: VERSIONS[kind], kind, metadata: { name, labels }, spec: without(spec, GIVEN) };
  });
  try {
    return await timesMs(() =>
      inParallel(COUNT, async (i) => {
        for (const object of plain) {
          const name = object.metadata.name.replace("example", `many-${i}`);
          await world.kube.apply({ ...object, metadata: { ...object.metadata, name } }, namespace);
        }
      }),
    );
  } finally {
    await world.kube.delete("Namespace", "", namespace);
  }
}

async function timesMs(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

async function inParallel(count: number, work: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, worker));
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
