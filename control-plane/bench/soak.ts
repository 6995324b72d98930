// Canary moves under load, on a real Envoy with the filter: `node control-plane/bench/soak.ts [requests] [reweights] [restarts] [refusals]`.
// Spread over the requests, weights change, the control plane ends and starts anew with empty memory, and tables come that Envoy
// refuses. Fails when a request fails, or a split is not what was asked for.
import { setTimeout as sleep } from "node:timers/promises";
import { type LocalEnvoy, startEnvoy } from "../src/app/local/envoy-process.ts";
import { createRunFolder } from "../src/app/local/run-folder.ts";
import { startGuard } from "../src/deliver/processes/guard.ts";
import { findEnvoy } from "../../scripts/envoy.mjs";
import { freePort } from "../../scripts/free-port-for-tests.ts";
import { type Client, createClient, keepSending, startUpstream } from "./soak/load.ts";
import { NAMES, type Plane, startPlane, type Weights } from "./soak/plane.ts";

function argument(index: number, usual: number): number {
  return Number(process.argv[index] ?? usual);
}

const REQUESTS = argument(2, 50_000);
const REWEIGHTS = argument(3, 100);
const RESTARTS = argument(4, 5);
const REFUSALS = argument(5, 5);
/** Requests whose predictors are compared before and after 9:1 becomes 10:1. */
const KEYS = Math.min(100_000, Math.ceil(REQUESTS / 5));
/** Workers take a new table over a moment after Envoy has accepted it. */
const SETTLE_MS = 50;
/** So far a share may be from its weight, by chance. */
const MOST_SIGMAS = 5;

/** What was answered while weights stood still. */
interface Period {
  readonly weights: Weights;
  answered: number;
  canary: number;
}

/** Weights go up and down, never to nobody. */
function weightsAt(index: number): Weights {
  const canary = 10 + ((index * 37) % 81);
  return { main: 100 - canary, canary };
}

function sigmas({ weights, answered, canary }: Period): number {
  const share = weights.canary / (weights.main + weights.canary);
  return answered === 0 ? 0 : Math.abs(canary - answered * share) / Math.sqrt(answered * share * (1 - share));
}

const folder = await createRunFolder();
const guard = startGuard();
const upstreams = await Promise.all(NAMES.map(startUpstream));
const port = await freePort();
const portOf = (predictor: string): number => upstreams[NAMES.indexOf(predictor as keyof Weights)]?.port ?? 0;
const planeOptions = { xdsSocket: folder.xdsSocket, port, portOf };
let weights = weightsAt(0);
let plane: Plane = await startPlane(weights, planeOptions);
const { path: binary, version } = await findEnvoy();
const ready = Promise.withResolvers<undefined>();
let envoy = undefined as LocalEnvoy | undefined;
envoy = await startEnvoy({
  ...{ binary, folder: folder.path, xdsSocket: folder.xdsSocket, port, guard, onLine: () => undefined },
  onChange: () => {
    if (envoy?.isReady() === true) ready.resolve(undefined);
  },
  onPortTaken: () => {
    ready.reject(new Error("the port is taken"));
  },
});
await ready.promise;

const periods: Period[] = [];
let period: Period | undefined;
let sent = 0;
let restarts = 0;
let refusals = 0;

/** Whoever is asked while weights change may answer by either. */
async function during(change: () => Promise<void>): Promise<void> {
  period = undefined;
  await change();
  await sleep(SETTLE_MS);
  periods.push((period = { weights, answered: 0, canary: 0 }));
}

async function answered(count: number): Promise<void> {
  while (sent < count) await sleep(1);
}

/** Everything that happens, after equal numbers of requests. */
async function change(): Promise<void> {
  const steps = Math.max(REWEIGHTS, RESTARTS, REFUSALS);
  for (let step = 1; step <= steps; step += 1) {
    await answered(Math.floor((REQUESTS * step) / (steps + 1)));
    if (Math.floor((step * REFUSALS) / steps) > refusals) {
      refusals += 1;
      await plane.publishBroken();
    }
    if (Math.floor((step * RESTARTS) / steps) > restarts) {
      restarts += 1;
      await plane.close();
      plane = await startPlane(weights, planeOptions);
    }
    weights = weightsAt(step);
    if (step <= REWEIGHTS) await during(() => plane.publish(weights));
  }
}

async function soak(client: Client): Promise<void> {
  let isDone = false;
  const changing = change().then(() => (isDone = true));
  await during(() => Promise.resolve());
  const send = async (index: number): Promise<void> => {
    const begun = period;
    const answer = await client.send(`request-${String(index)}`);
    sent += 1;
    if (begun === undefined || begun !== period || answer === undefined) return;
    begun.answered += 1;
    if (answer === "canary") begun.canary += 1;
  };
  await keepSending(send, () => isDone && sent >= REQUESTS);
  await changing;
}

/** How many of the same requests another predictor answers after 9:1 became 10:1. */
async function movedKeys(client: Client): Promise<number> {
  const answers: (string | undefined)[][] = [];
  for (const after of [
    { main: 9, canary: 1 },
    { main: 10, canary: 1 },
  ]) {
    await plane.publish(after);
    const found: (string | undefined)[] = [];
    let next = 0;
    await keepSending(
      async () => {
        const key = next++;
        found[key] = await client.send(`key-${String(key)}`);
      },
      () => next >= KEYS,
    );
    answers.push(found);
  }
  const [before = [], after = []] = answers;
  return Array.from({ length: KEYS }, (_, key) => key).filter((key) => before[key] !== after[key]).length;
}

function row(name: string, value: string | number): void {
  console.log(`| ${name.padEnd(58)} | ${String(value).padStart(12)} |`);
}

const client = createClient(port);
const startedMs = performance.now();
await soak(client);
const moved = await movedKeys(client);
const worst = Math.max(...periods.map(sigmas));
const failed = [...client.failures.values()].reduce((sum, one) => sum + one, 0);
console.log(`Envoy ${version}, ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
row("requests", sent);
row("reweights", REWEIGHTS);
row("restarts of the control plane", restarts);
row("tables that Envoy refused", refusals);
row("failed requests", failed);
row("farthest of a split from its weights, standard deviations", worst.toFixed(1));
row(`moved of ${String(KEYS)} keys, 9:1 -> 10:1`, `${((moved / KEYS) * 100).toFixed(2)} %`);
for (const [why, count] of client.failures) console.log(`failed ${String(count)} times: ${why}`);
if (failed > 0 || worst > MOST_SIGMAS || sent < REQUESTS) process.exitCode = 1;

await client.close();
await plane.close();
await envoy.stop();
await guard.close();
for (const { server } of upstreams) server.close();
folder.remove();
