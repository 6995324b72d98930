// The control plane, or in its place a plain loop that makes the same writes, in a process of its own.
import { readFileSync, writeFileSync } from "node:fs";
import { startControlPlane, type ControlPlane } from "../../src/app/cluster/control-plane.ts";
import { createLog } from "../../src/app/cluster/log.ts";
import { readSettings } from "../../src/app/cluster/settings/read-settings.ts";
import { connectTo, type ServerChoice } from "./access.ts";
import { answerQuestions, cpuMs } from "./child.ts";
import { recording, replay, stateIn, type RecordedWrite } from "./writes.ts";

export interface PlaneOptions {
  readonly server: ServerChoice;
  readonly namespace: string;
  readonly controllerId: string;
  readonly workers: number;
  readonly concurrentWrites: number;
  /** Keeps what is written, for a replay and for proofs. */
  readonly records: boolean;
}

export interface Usage {
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly heapMb: number;
}

export interface Progress {
  /** SeldonDeployments whose status says Available. */
  readonly available: number;
  readonly writes: Readonly<Record<string, number>>;
  /** From the first write to the last one that is no event. */
  readonly writingMs: number;
}

export type PlaneQuestions = {
  readonly start: { readonly about: PlaneOptions; readonly answer: number };
  readonly progress: { readonly about: undefined; readonly answer: Progress };
  /** Forgets what has been written so far. */
  readonly forget: { readonly about: undefined; readonly answer: undefined };
  readonly usage: { readonly about: { readonly collect: boolean }; readonly answer: Usage };
  /** The SeldonDeployments for which something was written. */
  readonly owners: { readonly about: undefined; readonly answer: readonly string[] };
  readonly save: { readonly about: string; readonly answer: undefined };
  readonly replay: {
    readonly about: PlaneOptions & { readonly file: string; readonly renamed: readonly (readonly [string, string])[] };
    readonly answer: number;
  };
};

let controlPlane: ControlPlane | undefined;
let writes: RecordedWrite[] = [];
const available = new Set<string>();
const counts: Record<string, number> = {};
let [firstMs, lastMs] = [0, 0];
/** What loading all modules took. */
const loadedCpuMs = cpuMs();

function note(write: RecordedWrite, options: PlaneOptions): void {
  counts[write.kind] = (counts[write.kind] ?? 0) + 1;
  if (options.records) writes.push(write);
  const told = stateIn(write);
  if (told?.state === "Available") available.add(told.name);
  if (told !== undefined && told.state !== "Available") available.delete(told.name);
  if (write.owner === undefined) return;
  if (firstMs === 0) firstMs = write.endedMs;
  lastMs = write.endedMs;
}

function forget(): void {
  writes = [];
  for (const kind of Object.keys(counts)) Reflect.deleteProperty(counts, kind);
  [firstMs, lastMs] = [0, 0];
}

/** Resolves when the cluster is known; how long that took. */
async function start(options: PlaneOptions): Promise<number> {
  const read = readSettings(
    [
      ...[`--namespace=${options.namespace}`, "--metrics-addr=127.0.0.1:0", "--xds-port=0", "--webhook=false"],
      ...["--drain=0", `--workers=${options.workers}`],
    ],
    { ISTIO_ENABLED: "true", POD_NAMESPACE: options.namespace, POD_NAME: "bench", CONTROLLER_ID: options.controllerId },
  );
  if (read.kind !== "settings") throw new Error(JSON.stringify(read));
  const startedMs = performance.now();
  controlPlane = await startControlPlane(read.settings, createLog("error"), async (_, clientOptions) => {
    const { concurrentWrites } = options;
    const limits = { concurrentWrites, connections: Math.max(concurrentWrites, 16) };
    const client = await connectTo(options.server, { ...clientOptions, ...limits });
    return recording(client, (write) => {
      note(write, options);
    });
  });
  const ready = `http://127.0.0.1:${controlPlane.metricsPort}/readyz`;
  while (!(await answers(ready))) await new Promise((resume) => setTimeout(resume, 20));
  return performance.now() - startedMs;
}

/** Busy machines let connections time out. */
async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

answerQuestions<PlaneQuestions>(
  {
    start,
    progress: () => Promise.resolve({ available: available.size, writes: { ...counts }, writingMs: lastMs - firstMs }),
    forget: () => {
      forget();
      return Promise.resolve(undefined);
    },
    usage: ({ collect }) => {
      const atMs = cpuMs() - loadedCpuMs;
      if (collect) globalThis.gc?.();
      const { rss, heapUsed } = process.memoryUsage();
      return Promise.resolve({ cpuMs: atMs, rssMb: rss / 1e6, heapMb: heapUsed / 1e6 });
    },
    owners: () => Promise.resolve([...new Set(writes.flatMap(({ owner }) => owner ?? []))]),
    save: (file) => {
      writeFileSync(file, JSON.stringify(writes));
      return Promise.resolve(undefined);
    },
    replay: async ({ file, renamed, server, concurrentWrites, workers }) => {
      const text = renamed.reduce((all, [from, to]) => all.replaceAll(from, to), readFileSync(file, "utf8"));
      const recorded = JSON.parse(text) as readonly RecordedWrite[];
      const limits = { concurrentWrites, connections: Math.max(concurrentWrites, 16) };
      const client = await connectTo(server, limits);
      const before = cpuMs();
      const tookMs = await replay(client, recorded, workers);
      counts["cpuMs"] = cpuMs() - before;
      await client.close();
      return tookMs;
    },
  },
  async () => controlPlane?.stop(),
);
