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
      renderFamily(FAMILIES.lagMin, seconds(lag.min)),
      renderFamily(FAMILIES.lagMax, seconds(lag.max)),
      renderFamily(FAMILIES.lagMean, seconds(lag.mean)),
      renderFamily(FAMILIES.lagStddev, seconds(lag.stddev)),
      renderFamily(FAMILIES.lagP50, seconds(lag.percentile(50))),
      renderFamily(FAMILIES.lagP90, seconds(lag.percentile(90))),
      renderFamily(FAMILIES.lagP99, seconds(lag.percentile(99))),
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

function seconds(nanoseconds: number): readonly Sample[] {
  return one(Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0);
}
