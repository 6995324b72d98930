// What the control plane needs for many SeldonDeployments, beside a plain loop that makes the same writes.
// The API server shares the machine: compare the columns of one run, and CPU rather than time.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ApiClient } from "../src/kubernetes-api/api-client.ts";
import { RESOURCE } from "../src/kubernetes-api/resource-types.ts";
import { deploymentOf } from "./deployments.ts";
import { connectTo, type ServerChoice } from "./operator/access.ts";
import { startChild, type Child } from "./operator/child.ts";
import type { FakeServerQuestions } from "./operator/fake-server.ts";
import { createFigures, inAllAndEach } from "./operator/figures.ts";
import type { PlaneOptions, PlaneQuestions, Progress, Usage } from "./operator/plane.ts";

const USAGE = `node control-plane/bench/operator.ts [options]

  --deployments 500      SeldonDeployments: single model, canary, v2 and prepackaged by turns, without pods
  --server fake          fake: an API server of our own in a process of its own; real: the one of KUBECONFIG
  --workers 8            deployments that are worked on at once
  --concurrent-writes 16 limit of the API client
  --idle-seconds 20      how long it is watched at rest; 0: not at all
  --touched 200          Deployments that are touched to see what a look costs that finds nothing to do
  --no-replay            leaves out the plain loop
  --memory ""            such as 1000,10000: afterwards the memory of control planes with so many deployments that are at rest
  --namespace bench-a    its own namespace; the plain loop writes to the same name with -raw behind it
  --node-options=""      options for the control plane's node, such as --cpu-prof
`;

const { values } = parseArgs({
  options: {
    deployments: { type: "string", default: "500" },
    server: { type: "string", default: "fake" },
    workers: { type: "string", default: "8" },
    "concurrent-writes": { type: "string", default: "16" },
    "idle-seconds": { type: "string", default: "20" },
    touched: { type: "string", default: "200" },
    "no-replay": { type: "boolean", default: false },
    memory: { type: "string", default: "" },
    namespace: { type: "string", default: "bench-a" },
    "node-options": { type: "string", default: "" },
    help: { type: "boolean", default: false },
  },
});

const isReal = values.server === "real";
const CONTROLLER_ID = "bench";
const LONGEST_MS = 1_800_000;
const WRITES_AT_ONCE = 16;
const QUIET_MS = isReal ? 3000 : 500;
const count = Number(values.deployments);
const memoryCounts = values.memory === "" ? [] : values.memory.split(",").map(Number);
const { row, printTable } = createFigures();

type Plane = Child<PlaneQuestions>;

function startPlane(): Plane {
  const nodeOptions = values["node-options"].split(" ").filter((one) => one !== "");
  return startChild<PlaneQuestions>("./plane.ts", nodeOptions);
}

async function inParallel(tasks: readonly (() => Promise<unknown>)[]): Promise<void> {
  const left = [...tasks];
  const worker = async (): Promise<void> => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) await task();
  };
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, worker));
}

/** Makes the SeldonDeployments; their uids in order. */
async function fill(client: ApiClient, namespace: string, count: number): Promise<readonly string[]> {
  const options = { namespace, labels: { "seldon.io/controller-id": CONTROLLER_ID } };
  if (isReal) {
    const { apiVersion, kind } = RESOURCE.namespace;
    await client.create(RESOURCE.namespace, { apiVersion, kind, metadata: { name: namespace } });
  }
  const uids: string[] = [];
  await inParallel(
    Array.from({ length: count }, (_, index) => async () => {
      const made = await client.create(RESOURCE.seldonDeployment, deploymentOf(index, options));
      uids[index] = made.metadata.uid ?? "";
    }),
  );
  return uids;
}

async function settled(plane: Plane, isDone: (progress: Progress) => boolean): Promise<Progress> {
  const deadlineMs = performance.now() + LONGEST_MS;
  for (;;) {
    const progress = await plane.ask("progress", undefined);
    if (isDone(progress)) return progress;
    if (performance.now() > deadlineMs) throw new Error(`not settled: ${JSON.stringify(progress)}`);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

/** Until nothing, no event either, has been written for a while. */
async function quiet(plane: Plane): Promise<Progress> {
  let [before, sinceMs] = ["", 0];
  return settled(plane, (progress) => {
    const now = JSON.stringify(progress.writes);
    if (now !== before) sinceMs = performance.now();
    before = now;
    return performance.now() - sinceMs > QUIET_MS;
  });
}

const wait = (ms: number): Promise<void> => new Promise((resume) => setTimeout(resume, ms));

async function cpuOf(plane: Plane): Promise<number> {
  return (await plane.ask("usage", { collect: false })).cpuMs;
}

function perDeployment(writes: Readonly<Record<string, number>>): string {
  return Object.entries(writes)
    .map(([kind, number]) => `${kind} ${(number / count).toFixed(2)}`)
    .join(", ");
}

/** Everything is made for the first time. */
async function measureCreation(plane: Plane, options: PlaneOptions): Promise<Progress> {
  const syncMs = await plane.ask("start", options);
  const { writingMs } = await settled(plane, ({ available }) => available >= count);
  await quiet(plane);
  const progress = await plane.ask("progress", undefined);
  const cpuMs = await cpuOf(plane);
  const { Event: events = 0, ...writes } = progress.writes;
  row("until everything is listed and planned", `${syncMs.toFixed(0)} ms`);
  row("from the first write to the last", inAllAndEach(writingMs, count));
  row("CPU so far, start and planning included", inAllAndEach(cpuMs, count));
  row("writes per deployment", perDeployment(writes));
  row("events per deployment", (events / count).toFixed(2));
  return progress;
}

/** Deployments change in a way that concerns nobody. */
async function measureTouches(plane: Plane, client: ApiClient, namespace: string): Promise<void> {
  const touched = Math.min(Number(values.touched), count);
  if (touched === 0) return;
  const { items } = await client.list(RESOURCE.deployment, { namespace, limit: touched });
  await plane.ask("forget", undefined);
  const before = await cpuOf(plane);
  const patch = { metadata: { annotations: { "bench.example/touched": String(Date.now()) } } };
  await inParallel(
    items.map(
      ({ metadata }) =>
        () =>
          client.patch(RESOURCE.deployment, { namespace, name: metadata.name }, patch),
    ),
  );
  await wait(1000);
  const cpuMs = (await cpuOf(plane)) - before;
  const { writes } = await plane.ask("progress", undefined);
  row("CPU of a watch event and its turn at rest", `${((cpuMs / items.length) * 1000).toFixed(0)} µs`);
  row("writes after them", JSON.stringify(writes));
}

async function measureRest(plane: Plane): Promise<void> {
  const seconds = Number(values["idle-seconds"]);
  if (seconds === 0) return;
  const before = await cpuOf(plane);
  await wait(seconds * 1000);
  const cpuMs = (await cpuOf(plane)) - before;
  row(`CPU at rest, ${seconds} s`, `${cpuMs.toFixed(0)} ms, ${(cpuMs / seconds / 10).toFixed(2)} %`);
}

/** One SeldonDeployment is edited: only its own objects may be written. */
async function measureEdit(plane: Plane, client: ApiClient, namespace: string): Promise<void> {
  const labels = { "seldon.io/controller-id": CONTROLLER_ID };
  const { spec } = deploymentOf(0, { namespace, labels, tag: "2" }) as { readonly spec?: unknown };
  await plane.ask("forget", undefined);
  const [startedMs, before] = [performance.now(), await cpuOf(plane)];
  await client.patch(RESOURCE.seldonDeployment, { namespace, name: "model-0" }, { spec: spec as object });
  await settled(plane, ({ writes }) => (writes["Deployment"] ?? 0) > 0);
  const { writes, writingMs } = await quiet(plane);
  const cpuMs = (await cpuOf(plane)) - before;
  const owners = await plane.ask("owners", undefined);
  if (owners.join() !== "model-0") throw new Error(`an edit of model-0 made writes for ${owners.join()}`);
  row("one edit: writes, all of them its own", JSON.stringify(writes));
  const tookMs = performance.now() - startedMs;
  row("one edit: CPU", `${cpuMs.toFixed(1)} ms; its writes took ${writingMs.toFixed(0)} of ${tookMs.toFixed(0)} ms`);
}

/** The same writes by a plain loop, on a server that has the SeldonDeployments only. */
async function measureReplay(
  server: ServerChoice,
  client: ApiClient,
  options: PlaneOptions,
  { file, uids, writingMs }: { file: string; uids: readonly string[]; writingMs: number },
): Promise<void> {
  const namespace = isReal ? `${options.namespace}-raw` : options.namespace;
  const others = await fill(client, namespace, count);
  const renamed = uids.map((uid, index) => [uid, others[index] ?? ""] as const);
  if (isReal) renamed.push([options.namespace, namespace]);
  const plain = startPlane();
  const tookMs = await plain.ask("replay", { ...options, server, namespace, file, renamed });
  const { writes } = await plain.ask("progress", undefined);
  const cpuMs = writes["cpuMs"] ?? 0;
  row("the same writes in a plain loop", inAllAndEach(tookMs, count));
  row("CPU of the plain loop", inAllAndEach(cpuMs, count));
  row("time from first to last write, by the plain loop's", `${(writingMs / tookMs).toFixed(2)} times`);
  await plain.stop();
}

function memoryText(used: Usage, collected: Usage): string {
  const resident = `${used.rssMb.toFixed(0)} MB; after a collection ${collected.rssMb.toFixed(0)} MB`;
  return `${resident}, of them heap ${collected.heapMb.toFixed(0)} MB`;
}

/** Another control plane finds everything as it is wanted. */
async function measureRestart(options: PlaneOptions): Promise<void> {
  const plane = startPlane();
  const syncMs = await plane.ask("start", { ...options, records: false });
  await wait(1000);
  await quiet(plane);
  const { writes } = await plane.ask("progress", undefined);
  const used = await plane.ask("usage", { collect: false });
  const collected = await plane.ask("usage", { collect: true });
  row("a restart: until everything is listed and planned", `${syncMs.toFixed(0)} ms`);
  row("a restart: CPU", inAllAndEach(used.cpuMs, count));
  row("a restart: writes", JSON.stringify(writes));
  row("resident memory", memoryText(used, collected));
  await measureRest(plane);
  await plane.stop();
}

async function startFake(): Promise<{ readonly server: Child<FakeServerQuestions>; readonly choice: ServerChoice }> {
  const server = startChild<FakeServerQuestions>("./fake-server.ts");
  return { server, choice: { url: await server.ask("url", undefined) } };
}

async function removeAll(client: ApiClient, namespace: string): Promise<void> {
  if (isReal) await client.delete(RESOURCE.namespace, { namespace: "", name: namespace });
}

/** One control plane makes everything, and the next one finds it all made. On an API server of its own. */
async function measureMemory(deployments: number): Promise<void> {
  const { server, choice } = await startFake();
  const client = await connectTo(choice, { concurrentWrites: WRITES_AT_ONCE });
  const options: PlaneOptions = { ...planeOptions(choice), records: false };
  await fill(client, values.namespace, deployments);
  const first = startPlane();
  await first.ask("start", options);
  await settled(first, ({ available }) => available >= deployments);
  const { writingMs } = await quiet(first);
  const made = await first.ask("usage", { collect: true });
  await first.stop();
  const next = startPlane();
  await next.ask("start", options);
  await quiet(next);
  const used = await next.ask("usage", { collect: false });
  const collected = await next.ask("usage", { collect: true });
  row(`${String(deployments)} deployments: from the first write to the last`, inAllAndEach(writingMs, deployments));
  row(`${String(deployments)} deployments: CPU till all are made`, inAllAndEach(made.cpuMs, deployments));
  row(
    `${String(deployments)} deployments: memory where all were made`,
    `${made.rssMb.toFixed(0)} MB after a collection`,
  );
  row(`${String(deployments)} deployments: memory after a restart`, memoryText(used, collected));
  row(`${String(deployments)} deployments: CPU of the restart`, inAllAndEach(used.cpuMs, deployments));
  await next.stop();
  await client.close();
  await server.stop();
}

function planeOptions(server: ServerChoice): PlaneOptions {
  return {
    server,
    namespace: values.namespace,
    controllerId: CONTROLLER_ID,
    workers: Number(values.workers),
    concurrentWrites: Number(values["concurrent-writes"]),
    records: true,
  };
}

async function measure(folder: string): Promise<void> {
  const fake = isReal ? undefined : await startFake();
  const server: ServerChoice = fake?.choice ?? "kubeconfig";
  const client = await connectTo(server, { concurrentWrites: WRITES_AT_ONCE });
  const { namespace } = values;
  const options = planeOptions(server);
  const file = join(folder, "writes.json");
  try {
    const uids = await fill(client, namespace, count);
    const plane = startPlane();
    const { writingMs } = await measureCreation(plane, options);
    if (!values["no-replay"]) await plane.ask("save", file);
    await measureEdit(plane, client, namespace);
    // Last: on a real server any annotation counts as a new generation, and statuses follow for a while.
    await measureTouches(plane, client, namespace);
    await plane.stop();
    await measureRestart(options);
    if (!values["no-replay"]) {
      const other = isReal ? undefined : await startFake();
      const otherClient = other === undefined ? client : await connectTo(other.choice, {});
      await measureReplay(other?.choice ?? server, otherClient, options, { file, uids, writingMs });
      if (other !== undefined) await otherClient.close();
      await other?.server.stop();
    }
  } finally {
    await removeAll(client, namespace);
    if (!values["no-replay"]) await removeAll(client, `${namespace}-raw`);
    await client.close();
    await fake?.server.stop();
  }
}

if (values.help) process.stdout.write(USAGE);
else {
  console.log(`${count} deployments, ${values.server} API server, ${values.workers} workers`);
  const folder = mkdtempSync(join(tmpdir(), "graphway-bench-"));
  try {
    await measure(folder);
    for (const deployments of memoryCounts) await measureMemory(deployments);
    printTable();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
