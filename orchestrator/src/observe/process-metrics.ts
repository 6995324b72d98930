import { readdirSync } from "node:fs";
import { getHeapSpaceStatistics } from "node:v8";
import { renderFamily, type Sample } from "./exposition.ts";
import { FAMILIES } from "./families.ts";

type PerfHooks = ReturnType<typeof process.getBuiltinModule<"node:perf_hooks">>;

const LAG_RESOLUTION_MS = 10;

/** What the process and its event loop cost, under the names that Node's metrics usually have. */
export class ProcessMetrics {
  #lag: ReturnType<PerfHooks["monitorEventLoopDelay"]> | undefined;

  /** Prometheus text. The event loop is watched from the first call on. */
  render(): string {
    return this.#renderLag() + renderHeap() + renderProcess();
  }

  /** No longer watches the event loop. */
  stop(): void {
    this.#lag?.disable();
  }

  #renderLag(): string {
    if (this.#lag === undefined) {
      // Its timer alone keeps no process alive.
      this.#lag = process.getBuiltinModule("node:perf_hooks").monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
      this.#lag.enable();
      return "";
    }
    const lag = this.#lag;
    if (lag.count === 0) return "";
    const text = [
      renderFamily(FAMILIES.lagMin, delay(lag.min)),
      renderFamily(FAMILIES.lagMax, delay(lag.max)),
      renderFamily(FAMILIES.lagMean, delay(lag.mean)),
      renderFamily(FAMILIES.lagStddev, one(finite(lag.stddev) / 1e9)),
      renderFamily(FAMILIES.lagP50, delay(lag.percentile(50))),
      renderFamily(FAMILIES.lagP90, delay(lag.percentile(90))),
      renderFamily(FAMILIES.lagP99, delay(lag.percentile(99))),
    ].join("");
    lag.reset();
    return text;
  }
}

function renderHeap(): string {
  const memory = process.memoryUsage();
  const spaces = getHeapSpaceStatistics();
  const nameOf = (space: string): string => space.replace(/_space$/, "");
  return [
    renderFamily(FAMILIES.heapTotal, one(memory.heapTotal)),
    renderFamily(FAMILIES.heapUsed, one(memory.heapUsed)),
    renderFamily(FAMILIES.external, one(memory.external)),
    renderFamily(
      FAMILIES.heapSpaceTotal,
      spaces.map((space) => [[nameOf(space.space_name)], space.space_size]),
    ),
    renderFamily(
      FAMILIES.heapSpaceUsed,
      spaces.map((space) => [[nameOf(space.space_name)], space.space_used_size]),
    ),
    renderFamily(FAMILIES.version, [[[process.version, ...process.version.slice(1).split(".")], 1]]),
    renderFamily(FAMILIES.resident, one(memory.rss)),
  ].join("");
}

function renderProcess(): string {
  const { user, system } = process.cpuUsage();
  const startedSeconds = Math.floor(Date.now() / 1000 - process.uptime());
  return [
    renderFamily(FAMILIES.cpuUser, one(user / 1e6)),
    renderFamily(FAMILIES.cpuSystem, one(system / 1e6)),
    renderFamily(FAMILIES.cpu, one((user + system) / 1e6)),
    renderFamily(FAMILIES.openFiles, openFiles()),
    renderFamily(FAMILIES.started, one(startedSeconds)),
  ].join("");
}

/** Only Linux tells. */
function openFiles(): readonly Sample[] {
  try {
    return one(readdirSync("/proc/self/fd").length - 1);
  } catch {
    return [];
  }
}

function one(value: number): readonly Sample[] {
  return [[[], value]];
}

/** Node's samples are the time from one tick of its timer to the next: what is over the timer's own time is delay. */
function delay(nanoseconds: number): readonly Sample[] {
  return one(Math.max(0, finite(nanoseconds) / 1e9 - LAG_RESOLUTION_MS / 1000));
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
