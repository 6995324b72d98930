// What going straight to a one-model graph's model saves against going through its orchestrator, by turns in one run:
//   node e2e/local/bench/bypass.ts [--rounds 10] [--calls 500] [--callers 1,16]
// A real Envoy, two deployments of the same model: one through its orchestrator, one with `bypass: true`. Latencies are the
// caller's; CPU is of each program, in microseconds per call. Of a machine that is busy otherwise, only ratios say anything.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BODY, manifest } from "../bypass-manifest.ts";
import { createRestClient, type RestClient } from "../client.ts";
import { killLeftovers, startGraphway } from "../graphway-process.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "10" },
    calls: { type: "string", default: "500" },
    callers: { type: "string", default: "1,16" },
  },
});
const ROUNDS = Number(values.rounds);
const CALLS = Number(values.calls);
const WAYS = ["through", "past"] as const;
type Way = (typeof WAYS)[number];
/** Of Linux: a hundredth of a second. */
const TICK_US = 10_000;

/** Programs whose CPU counts, by a word of their command line. */
const PROGRAMS = { envoy: /\/envoy\0/, orchestrator: /orchestrator/, model: /server\.ts/ } as const;
type Program = keyof typeof PROGRAMS;

interface Measured {
  readonly latenciesMs: number[];
  /** Ticks by program. */
  readonly cpu: Record<Program, number>;
}

async function childrenOf(ancestor: number): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const parents = new Map<number, number>();
  for (const pid of pids) {
    const stat = await readFile(`/proc/${String(pid)}/stat`, "utf8").catch(() => "");
    parents.set(pid, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0));
  }
  const isBelow = (pid: number): boolean => {
    for (let at = parents.get(pid) ?? 0; at > 1; at = parents.get(at) ?? 0) if (at === ancestor) return true;
    return false;
  };
  return pids.filter(isBelow);
}

/** Ticks that the programs below this process have used up to now. */
async function cpuBelow(ancestor: number): Promise<Record<Program, number>> {
  const used = { envoy: 0, orchestrator: 0, model: 0 };
  for (const pid of await childrenOf(ancestor)) {
    const [words, stat] = await Promise.all(
      ["cmdline", "stat"].map((file) => readFile(`/proc/${String(pid)}/${file}`, "utf8").catch(() => "")),
    );
    const program = (Object.keys(PROGRAMS) as Program[]).find((one) => PROGRAMS[one].test(words ?? ""));
    if (program === undefined || stat === undefined) continue;
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    used[program] += Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  }
  return used;
}

async function callAll(rest: RestClient, way: Way, callers: number, latenciesMs: number[]): Promise<void> {
  let left = CALLS;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const startMs = performance.now();
      const { status, headers, body } = await rest.call({ deployment: way, body: BODY });
      latenciesMs.push(performance.now() - startMs);
      const isThrough = headers["x-graphway-routing"] !== undefined;
      if (status !== 200 || isThrough !== (way === "through")) throw new Error(`${way}: ${String(status)} ${body}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

async function measure(rest: RestClient, ancestor: number, callers: number): Promise<Record<Way, Measured>> {
  const empty = (): Measured => ({ latenciesMs: [], cpu: { envoy: 0, orchestrator: 0, model: 0 } });
  const measured: Record<Way, Measured> = { through: empty(), past: empty() };
  for (const way of WAYS) await callAll(rest, way, callers, []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed()) {
      const before = await cpuBelow(ancestor);
      await callAll(rest, way, callers, measured[way].latenciesMs);
      const after = await cpuBelow(ancestor);
      for (const program of Object.keys(PROGRAMS) as Program[])
        measured[way].cpu[program] += after[program] - before[program];
    }
  }
  return measured;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}

function print(cells: readonly string[]): void {
  process.stdout.write(`| ${cells.join(" | ")} |\n`);
}

function row(callers: number, way: Way, { latenciesMs, cpu }: Measured): readonly string[] {
  const perCall = (ticks: number): string => ((ticks * TICK_US) / latenciesMs.length).toFixed(0);
  return [
    String(callers),
    way === "through" ? "through the orchestrator" : "straight to the model",
    String(latenciesMs.length),
    quantile(latenciesMs, 0.5).toFixed(2),
    quantile(latenciesMs, 0.99).toFixed(2),
    ...[cpu.envoy, cpu.orchestrator, cpu.model, cpu.envoy + cpu.orchestrator + cpu.model].map(perCall),
  ];
}

const folder = await mkdtemp(join(tmpdir(), "graphway-bench-"));
try {
  await writeFile(join(folder, "models.yaml"), manifest(false));
  const graphway = await startGraphway(["-f", folder]);
  const rest = createRestClient(graphway.url);
  const head = ["callers", "way", "calls", "p50 ms", "p99 ms", "Envoy µs", "orchestrator µs", "model µs", "CPU µs"];
  print(head);
  print(head.map(() => "---"));
  for (const callers of values.callers.split(",").map(Number)) {
    const measured = await measure(rest, graphway.child.pid ?? 0, callers);
    for (const way of WAYS) print(row(callers, way, measured[way]));
    const [through, past] = WAYS.map((way) => quantile(measured[way].latenciesMs, 0.5));
    process.stdout.write(`p50 straight / through: ${((past ?? NaN) / (through ?? NaN)).toFixed(2)}\n`);
  }
  await rest.close();
  await graphway.stop();
} finally {
  killLeftovers();
  await rm(folder, { recursive: true, force: true });
}
