import { setTimeout as delay } from "node:timers/promises";
import type { Guard, GuardedProcess, Launch, OutputStream, ProcessExit } from "./guard.ts";
import { watchHealth, type HealthTiming, type LocalProbes } from "./health.ts";
import { runProbe, type LocalAction } from "./probe.ts";

/** A process to keep running. */
export interface SupervisedSpec {
  /** Name in logs and reports, such as `default/iris/main/classifier`. */
  readonly label: string;
  readonly launch: Launch;
  readonly probes: LocalProbes;
  /** Carried out before SIGTERM; its time counts into the grace. */
  readonly preStop?: LocalAction;
  /** Milliseconds between the order to stop and SIGKILL. */
  readonly graceMs: number;
}

export interface SupervisorSettings extends HealthTiming {
  /** First pause before a restart; it doubles with every restart. */
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** A process that ran this long after it was ready starts again from the first pause. */
  readonly backoffResetMs: number;
  /** How many of the last lines of stderr a report carries. */
  readonly reportLines: number;
}

export const DEFAULT_SUPERVISOR_SETTINGS: SupervisorSettings = {
  startIntervalMs: 100,
  startExecIntervalMs: 500,
  backoffFirstMs: 500,
  backoffMaxMs: 30_000,
  backoffResetMs: 60_000,
  reportLines: 20,
};

/** One line that a process wrote. */
export interface LogLine {
  readonly label: string;
  readonly stream: OutputStream;
  readonly text: string;
}

/** How a process ended that should have gone on. */
export interface ProcessFailure extends ProcessExit {
  /** Set when we ended it because a probe gave up. */
  readonly probe?: string;
  /** The last lines of its stderr, or of its stdout if it wrote nothing there. */
  readonly lastLines: readonly string[];
  /** Whether it had been ready. */
  readonly wasReady: boolean;
}

export type ProcessPhase = "starting" | "ready" | "unready" | "waiting" | "stopping" | "stopped";

export interface ProcessState {
  readonly label: string;
  readonly phase: ProcessPhase;
  readonly pid?: number;
  readonly restarts: number;
  /** Why it is not ready, from its last probe. */
  readonly notReady?: string;
  /** Its last failure; kept until it has been ready again. */
  readonly failure?: ProcessFailure;
}

/** Keeps one process running from `start` to `stop`. */
export class Supervisor {
  readonly #spec: SupervisedSpec;
  readonly #guard: Guard;
  readonly #settings: SupervisorSettings;
  readonly #onLine: (line: LogLine) => void;
  readonly #onChange: (state: ProcessState) => void;
  readonly #stop = new AbortController();
  #state: ProcessState;
  #child: GuardedProcess | undefined;
  #running: Promise<void> | undefined;

  constructor(
    spec: SupervisedSpec,
    guard: Guard,
    settings: SupervisorSettings,
    events: { readonly onLine: (line: LogLine) => void; readonly onChange: (state: ProcessState) => void },
  ) {
    this.#spec = spec;
    this.#guard = guard;
    this.#settings = settings;
    this.#onLine = events.onLine;
    this.#onChange = events.onChange;
    this.#state = { label: spec.label, phase: "starting", restarts: 0 };
  }

  get state(): ProcessState {
    return this.#state;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** preStop, SIGTERM to the group, SIGKILL after the grace. Resolves when nothing of it runs. Safe to call twice. */
  async stop(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#set({ phase: "stopping" });
      this.#stop.abort();
      await this.#end();
    }
    await this.#running;
    this.#set({ phase: "stopped" });
  }

  async #run(): Promise<void> {
    let backoffMs = this.#settings.backoffFirstMs;
    while (!this.#stop.signal.aborted) {
      const { failure, readyForMs } = await this.#runOnce();
      if (this.#aborted()) return;
      if (readyForMs >= this.#settings.backoffResetMs) backoffMs = this.#settings.backoffFirstMs;
      this.#set({ phase: "waiting", failure });
      await delay(backoffMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      if (this.#aborted()) return;
      backoffMs = Math.min(backoffMs * 2, this.#settings.backoffMaxMs);
      this.#set({ phase: "starting", restarts: this.#state.restarts + 1 });
    }
  }

  /** Starts the process and waits for its end. */
  async #runOnce(): Promise<{ failure: ProcessFailure; readyForMs: number }> {
    const last = { stdout: [] as string[], stderr: [] as string[] };
    const child = this.#guard.spawn(this.#spec.launch, {
      onLine: (stream, text) => {
        const lines = last[stream];
        lines.push(text);
        if (lines.length > this.#settings.reportLines) lines.shift();
        this.#onLine({ label: this.#spec.label, stream, text });
      },
    });
    this.#child = child;
    this.#set(child.pid === undefined ? {} : { pid: child.pid });
    const health = new AbortController();
    let readyAtMs: number | undefined;
    let gaveUp: string | undefined;
    const watched = watchHealth(
      this.#spec.probes,
      (action, timeoutMs) => runProbe(action, timeoutMs, this.#guard),
      this.#settings,
      {
        onReady: (ready, reason) => {
          if (health.signal.aborted || this.#aborted()) return;
          if (ready) readyAtMs ??= performance.now();
          this.#set({ phase: ready ? "ready" : "unready", notReady: reason, ...(ready ? { failure: undefined } : {}) });
        },
        onWaiting: (reason) => {
          if (!health.signal.aborted && !this.#aborted()) this.#set({ notReady: reason });
        },
        onUnhealthy: (reason) => {
          gaveUp = reason;
          if (!this.#aborted()) void this.#end();
        },
      },
      health.signal,
    );
    const exit = await child.exited;
    health.abort();
    if (!this.#aborted()) this.#set({ phase: "waiting", pid: undefined, notReady: undefined });
    await Promise.all([child.ended, watched]);
    this.#child = undefined;
    const lastLines = last.stderr.length > 0 ? last.stderr : last.stdout;
    const wasReady = readyAtMs !== undefined;
    return {
      failure: { ...exit, lastLines, wasReady, ...(gaveUp === undefined ? {} : { probe: gaveUp }) },
      readyForMs: readyAtMs === undefined ? 0 : performance.now() - readyAtMs,
    };
  }

  /** Ends the running process, if any, within its grace. */
  async #end(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const deadline = performance.now() + this.#spec.graceMs;
    const { preStop } = this.#spec;
    if (preStop !== undefined) await Promise.race([runProbe(preStop, this.#spec.graceMs, this.#guard), child.exited]);
    await child.stop(Math.max(0, deadline - performance.now()));
  }

  #aborted(): boolean {
    return this.#stop.signal.aborted;
  }

  #set(change: { [K in keyof ProcessState]?: ProcessState[K] | undefined }): void {
    const next = { ...this.#state, ...change };
    const changed = Object.entries(next).some(([key, value]) => this.#state[key as keyof ProcessState] !== value);
    if (!changed) return;
    this.#state = Object.fromEntries(
      Object.entries(next).filter(([, value]) => value !== undefined),
    ) as unknown as ProcessState;
    this.#onChange(this.#state);
  }
}
