// How long an edit takes to be served, and what it costs those who are calling meanwhile:
//   node e2e/local/bench/edits.ts [edits=40]
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRestClient, startLoad } from "../client.ts";
import { startGraphway } from "../graphway-process.ts";
import { startStubNode } from "../stub-node.ts";

/** Two predictors, all traffic on one of them; `gated` puts a router above each model. */
function manifest(active: string, gated: boolean): string {
  const predictors = ["main", "canary"].map((name) => {
    const model = { name: `${name}-model`, type: "MODEL" };
    return {
      name,
      traffic: name === active ? 100 : 0,
      graph: gated ? { name: "gate", implementation: "SIMPLE_ROUTER", children: [model] } : model,
      componentSpecs: [{ spec: { containers: [{ name: model.name }] } }],
    };
  });
  const head = { apiVersion: "machinelearning.seldon.io/v1", kind: "SeldonDeployment", metadata: { name: "bench" } };
  return JSON.stringify({ ...head, spec: { predictors } });
}

const edits = Number(process.argv[2] ?? 40);
const folder = await mkdtemp(join(tmpdir(), "graphway-bench-"));
const file = join(folder, "bench.json");
await writeFile(file, manifest("main", false));
const nodes = await Promise.all(["main", "canary"].map((name) => startStubNode(name)));
const endpoints = nodes.flatMap((node, index) => {
  const name = index === 0 ? "main" : "canary";
  return ["--endpoint", `bench/${name}/${name}-model=${node.address}`];
});
const graphway = await startGraphway(["-f", folder, ...endpoints]);
const rest = createRestClient(graphway.url);
await new Promise((resolve) => setTimeout(resolve, 1100)); // the first table was just sent; the next one may be sent after a second

/** Writes the file and resolves with the milliseconds until `isServed` says so. */
async function timeEdit(
  text: string,
  isServed: (headers: Readonly<Record<string, string>>) => boolean,
): Promise<number> {
  const startMs = performance.now();
  await writeFile(file, text);
  while (!isServed((await rest.call({ deployment: "bench" })).headers));
  return performance.now() - startMs;
}

const load = startLoad(() => rest.call({ deployment: "bench" }), 3);
const weightsMs: number[] = [];
const graphMs: number[] = [];
for (let index = 0; index < edits; index += 1) {
  const active = index % 2 === 0 ? "canary" : "main";
  weightsMs.push(await timeEdit(manifest(active, false), (headers) => headers["x-graphway-predictor"] === active));
  graphMs.push(
    await timeEdit(manifest(active, true), (headers) => headers["x-graphway-routing"]?.includes("gate") === true),
  );
  await timeEdit(manifest(active, false), (headers) => headers["x-graphway-routing"]?.includes("gate") === false);
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
const { calls, failures } = await load.stop();

const quantile = (values: readonly number[], q: number): string => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0).toFixed(0);
};
console.table({
  weights: { edits: weightsMs.length, p50Ms: quantile(weightsMs, 0.5), p99Ms: quantile(weightsMs, 0.99) },
  graph: { edits: graphMs.length, p50Ms: quantile(graphMs, 0.5), p99Ms: quantile(graphMs, 0.99) },
});
console.log(`${String(calls)} calls meanwhile, ${String(failures.length)} failed`);
await rest.close();
await graphway.stop();
for (const node of nodes) await node.close();
await rm(folder, { recursive: true });
