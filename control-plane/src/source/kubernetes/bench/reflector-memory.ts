/**
 * Memory and CPU of one reflector: `node --expose-gc reflector-memory.ts [objects]`. The server runs in a process of its
 * own, so that the figures are the reflector's alone.
 */
import { fork } from "node:child_process";
import type { KubernetesObject } from "../../../kubernetes-api/object.ts";
import { createApiClient } from "../../../kubernetes-api/create-api-client.ts";
import { RESOURCE } from "../../../kubernetes-api/resource-types.ts";
import { startFakeApiServer } from "../../../kubernetes-api/tests/fake-api-server.ts";
import { until } from "../../../kubernetes-api/tests/until.ts";
import { startReflector } from "../reflector.ts";

const OBJECTS = Number(process.argv[2] ?? "10000");
const CHANGES = 2_000;
const IDLE_MS = 10_000;

type Message = { readonly url: string } | { readonly lastVersion: string };

/** A SeldonDeployment of about 2 kB, managed fields and all. */
function deployment(i: number, note: string): KubernetesObject {
  const container = (name: string) => ({
    name,
    image: `registry.example/models/${name}:1.${i}`,
    env: [{ name: "MODEL", value: `model-${i}` }],
    resources: { requests: { cpu: "100m", memory: "256Mi" } },
  });
  const graph = { name: "a", type: "MODEL", children: [{ name: "b", type: "MODEL", children: [] }] };
  const predictor = (name: string, traffic: number) => ({
    name,
    traffic,
    replicas: 1,
    annotations: { note },
    componentSpecs: [{ spec: { containers: [container("a"), container("b")] } }],
    graph,
  });
  return {
    ...{ apiVersion: RESOURCE.seldonDeployment.apiVersion, kind: RESOURCE.seldonDeployment.kind },
    metadata: {
      name: `model-${i}`,
      namespace: `team-${i % 50}`,
      labels: { app: "models", team: `team-${i % 50}` },
      managedFields: [{ manager: "kubectl", fieldsV1: { "f:spec": { "f:predictors": {}, "f:name": {} } } }],
    },
    spec: { name: `model-${i}`, predictors: [predictor("main", 90), predictor("canary", 10)] },
    status: { state: "Available", description: "x".repeat(300) },
  };
}

async function serve(): Promise<void> {
  const server = await startFakeApiServer();
  for (let i = 0; i < OBJECTS; i++) server.objects.put(RESOURCE.seldonDeployment, deployment(i, "first"));
  process.on("message", () => {
    let last: KubernetesObject | undefined;
    for (let i = 0; i < CHANGES; i++) last = server.objects.put(RESOURCE.seldonDeployment, deployment(i, "second"));
    process.send?.({ lastVersion: last?.metadata.resourceVersion ?? "" } satisfies Message);
  });
  process.send?.({ url: server.url } satisfies Message);
}

/** CPU of this process so far, in milliseconds. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

/** After a collection, in MB. */
function memory(): { readonly heap: number; readonly rss: number } {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed / 1e6, rss: rss / 1e6 };
}

async function measure(): Promise<void> {
  const child = fork(import.meta.filename, [String(OBJECTS)], { env: { ...process.env, BENCH_SERVER: "1" } });
  const next = (): Promise<Message> =>
    new Promise((resolve) => {
      child.once("message", (message) => {
        resolve(message as Message);
      });
    });
  const started = await next();
  const url = "url" in started ? started.url : "";
  const client = createApiClient({
    access: { server: url, credentials: () => Promise.resolve({ headers: {}, tls: {} }) },
  });
  const first = await client.list(RESOURCE.seldonDeployment, { limit: 1 });
  const bytes = JSON.stringify(first.items[0]).length;
  const before = memory();
  const [startedMs, startedCpuMs] = [performance.now(), cpuMs()];
  const reflector = startReflector({ client, type: RESOURCE.seldonDeployment });
  await reflector.synced;
  const [listMs, listCpuMs] = [performance.now() - startedMs, cpuMs() - startedCpuMs];
  const listed = memory();
  console.log(`${reflector.counters.objects} objects of ${bytes} bytes`);
  console.log(`list: ${listMs.toFixed(0)} ms, ${listCpuMs.toFixed(0)} ms CPU`);
  console.log(`heap +${(listed.heap - before.heap).toFixed(1)} MB (${listed.heap.toFixed(1)})`);
  console.log(`rss ${before.rss.toFixed(0)} -> ${listed.rss.toFixed(0)} MB`);
  const idleCpuMs = cpuMs();
  await new Promise((resume) => setTimeout(resume, IDLE_MS));
  console.log(`idle: ${(((cpuMs() - idleCpuMs) / IDLE_MS) * 100).toFixed(3)} % CPU`);
  const changeCpuMs = cpuMs();
  child.send("change");
  const answer = await next();
  const last = "lastVersion" in answer ? answer.lastVersion : "";
  const lastKey = { namespace: `team-${(CHANGES - 1) % 50}`, name: `model-${CHANGES - 1}` };
  await until(() => reflector.get(lastKey)?.metadata.resourceVersion === last, { within: 20_000 });
  const eventMs = (cpuMs() - changeCpuMs) / CHANGES;
  console.log(`events: ${eventMs.toFixed(3)} ms CPU each; heap ${memory().heap.toFixed(1)} MB`);
  reflector.stop();
  await reflector.stopped;
  await client.close();
  child.kill();
}

await (process.env["BENCH_SERVER"] === "1" ? serve() : measure());
