import assert from "node:assert/strict";
import { without, type Fields, type KubeObject } from "../runner/kube.ts";
import { deployment, model, predictor } from "../runner/manifest.ts";
import type { Scenario } from "../runner/scenario.ts";
import { untilTrue } from "../runner/until.ts";
import type { World } from "../runner/world.ts";

/** E2E_DEPLOYMENTS: another number takes another while. */
const COUNT = Number(process.env["E2E_DEPLOYMENTS"] ?? 150);
/** Writes under way at once, of the users and of the comparison. */
const WRITERS = 8;
/** What a deployment without pods is made of. */
const KINDS = ["Deployment", "Service", "DestinationRule"] as const;
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
      const times = 40;
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
      const measured: number[] = [];
      const bare: number[] = [];
      for (let i = 0; i < times; i += 1) {
        measured.push(await dryRun(checked));
        bare.push(await dryRun(unchecked));
      }
      const added = median(measured) - median(bare);
      world.note(`${added.toFixed(1)} ms on top of ${median(bare).toFixed(1)} ms`);
      // On a machine where the write alone takes long, all of it does.
      assert.ok(added < Math.max(10, median(bare) / 2), `the webhook adds ${added.toFixed(1)} ms`);
    },
  },
  {
    name: "speed/many",
    shows: "many deployments without pods reach their objects about as fast as the API server takes the writes",
    isAlone: true,
    timeoutMs: Math.max(600_000, COUNT * 4_000),
    async run(world) {
      assert.ok(Number.isInteger(COUNT) && COUNT > 0, "E2E_DEPLOYMENTS must be a number from 1");
      const sdep = (i: number): Fields =>
        deployment(`many-${i}`, {
          replicas: 0,
          predictors: [
            predictor("default", { pods: [[model("classifier", { image: "docker.io/graphway/model:1" })]] }),
          ],
        });
      await world.apply(sdep(COUNT));
      const perDeployment = await untilObjectsOf(world, `many-${COUNT}`);
      const startMs = performance.now();
      const applied = timesMs(() => inParallel(COUNT, (i) => world.kube.apply(sdep(i), world.namespace)));
      const wanted = perDeployment.length * (COUNT + 1);
      let seen = 0;
      await untilTrue(
        `${wanted} objects are there`,
        async () => {
          seen = (await Promise.all(KINDS.map((kind) => countOf(world, kind)))).reduce((sum, one) => sum + one, 0);
          return seen === wanted;
        },
        { timeoutMs: Math.max(300_000, COUNT * 2_000), everyMs: 500, describe: () => `${seen} of ${wanted}` },
      );
      const oursMs = performance.now() - startMs;
      const rawMs = await rawTime(world, perDeployment);
      const each = (ms: number): string => (ms / COUNT).toFixed(1);
      world.note(
        `${COUNT} deployments: ${each(oursMs)} ms a deployment, of which ${each(await applied)} are the user's write`,
      );
      world.note(`its ${perDeployment.length} objects written plainly: ${each(rawMs)} ms`);
      assert.ok(oursMs < 3 * ((await applied) + rawMs), `${each(oursMs)} ms beside ${each(rawMs)} ms`);
    },
  },
];

async function countOf(world: World, kind: string): Promise<number> {
  return (await world.list(kind)).length;
}

/** The objects of the only deployment, once there are as many as there will be. */
async function untilObjectsOf(world: World, name: string): Promise<readonly KubeObject[]> {
  let objects: readonly KubeObject[] = [];
  await untilTrue(`${name} has its objects`, async () => {
    objects = (await Promise.all(KINDS.map((kind) => world.list(kind)))).flat();
    return KINDS.every((kind) => objects.some((one) => one.kind === kind));
  });
  return objects;
}

/** How long the same objects take when somebody just writes them, as many at once. */
async function rawTime(world: World, objects: readonly KubeObject[]): Promise<number> {
  const namespace = `${world.namespace}-raw`;
  await world.kube.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, "");
  const plain = objects.map(({ kind, metadata: { name, labels }, spec = {} }) => {
    return { apiVersion: VERSIONS[kind], kind, metadata: { name, labels }, spec: without(spec, GIVEN) };
  });
  try {
    return await timesMs(() =>
      inParallel(COUNT, async (i) => {
        for (const object of plain) {
          const name = object.metadata.name.replace(`many-${COUNT}`, `many-${i}`);
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
