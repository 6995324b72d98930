import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { LoadFigures, LoadJob } from "./load-job.ts";
import type { StubPorts } from "./stub.ts";

/** The stub nodes and the load, each a process of its own. */
export interface Peers {
  readonly ports: StubPorts;
  readonly stubPid: number;
  load(job: LoadJob): Promise<LoadFigures>;
  stop(): void;
}

export async function startPeers(): Promise<Peers> {
  const stub = start("stub.ts");
  const load = start("load.ts");
  const [ports] = (await once(stub, "message")) as [StubPorts];
  return {
    ports,
    stubPid: stub.pid ?? 0,
    load: async (job) => {
      const answered = once(load, "message") as Promise<[LoadFigures | { readonly error: string }]>;
      load.send(job);
      const [figures] = await answered;
      if ("error" in figures) throw new Error(figures.error);
      return figures;
    },
    stop: () => {
      stub.kill();
      load.kill();
    },
  };
}

/** Something between load and node, in a process of its own. */
export interface Between {
  readonly port: number;
  readonly pid: number;
  stop(): void;
}

/** A relay that reads nothing of what it moves. */
export async function startRelay(nodePort: number): Promise<Between> {
  const relay = start("relay.ts", [String(nodePort)]);
  const [port] = (await once(relay, "message")) as [number];
  return { port, pid: relay.pid ?? 0, stop: () => relay.kill() };
}

function start(file: string, args: readonly string[] = []): ChildProcess {
  const url = new URL(file, import.meta.url);
  return fork(url, [...args], { stdio: ["ignore", "inherit", "inherit", "ipc"], execArgv: [] });
}

/** CPU time of a process so far, its threads together. The clock ticks every 10 ms. */
export function cpuMs(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Resident memory. */
export function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
