import { fork, type ChildProcess } from "node:child_process";
import type { Options } from "../config/flags.ts";
import type { Logger } from "../observe/log.ts";
import { renderFamily } from "../observe/exposition.ts";
import { FAMILIES } from "../observe/families.ts";
import { GatherMetrics } from "./gather-metrics.ts";
import { WORKER_VARIABLE, type FromWorker, type Ports, type ToWorker } from "./messages.ts";

export interface SupervisorOptions {
  readonly options: Options;
  /** The command line of this process; workers get the same, with the ports that were found. */
  readonly args: readonly string[];
  /** The program to start; it must call `main`. */
  readonly entry: string;
  readonly log: Logger;
}

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
/** A worker that has run so long is restarted without a pause. */
const STEADY_MS = 30_000;

interface Worker {
  readonly index: number;
  child: ChildProcess | undefined;
  isListening: boolean;
  startedMs: number;
  backoffMs: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Runs N processes that listen on the same two ports, and restarts those that die, with growing pauses. The kernel deals
 * connections out among them; this process carries no request.
 */
export class Supervisor {
  readonly #given: SupervisorOptions;
  readonly #workers: Worker[];
  readonly #ended: (code: number) => void;
  readonly #metrics = new GatherMetrics();
  #ports: Ports | undefined;
  #allRun = false;
  #hasStarted = false;
  #isStopping = false;
  #exitCode = 0;
  #restarts = 0;

  /** `ended` is called once, when all workers are gone: 0 when each ended what it had in flight. */
  constructor(given: SupervisorOptions, ended: (code: number) => void) {
    this.#given = given;
    this.#ended = ended;
    this.#workers = Array.from({ length: given.options.workers }, (_, i) => ({
      index: i + 1,
      child: undefined,
      isListening: false,
      startedMs: 0,
      backoffMs: FIRST_BACKOFF_MS,
      timer: undefined,
    }));
  }

  /** The first worker finds the ports, where one is 0; then come the others. */
  start(): void {
    const { httpPort, grpcPort } = this.#given.options;
    const [first, ...others] = this.#workers;
    if (first !== undefined) this.#spawn(first);
    if (httpPort === 0 || grpcPort === 0) return;
    for (const worker of others) this.#spawn(worker);
  }

  /** Sends the signal on; the second time too, which ends workers at once. */
  stop(): void {
    this.#isStopping = true;
    for (const worker of this.#workers) {
      clearTimeout(worker.timer);
      worker.child?.kill("SIGTERM");
    }
    this.#endIfAlone();
  }

  #spawn(worker: Worker): void {
    const { args, entry } = this.#given;
    const found = this.#ports;
    const ports = found === undefined ? [] : [`--http_port=${found.http_port}`, `--grpc_port=${found.grpc_port}`];
    // What stands after it is not read; what we add must be.
    const end = args.indexOf("--");
    const child = fork(entry, [...(end === -1 ? args : args.slice(0, end)), ...ports], {
      env: { ...process.env, [WORKER_VARIABLE]: String(worker.index) },
      serialization: "json",
      // A group of its own: Ctrl-C reaches this process alone, which then sends SIGTERM on.
      detached: true,
    });
    worker.child = child;
    worker.startedMs = performance.now();
    child.on("message", (message: FromWorker) => {
      this.#hear(worker, message);
    });
    child.on("error", (error) => {
      this.#given.log.error({ err: error, worker: worker.index }, "a worker can't be started");
      if (child.pid === undefined) this.#gone(worker, 1, null);
    });
    child.on("exit", (code, signal) => {
      this.#gone(worker, code, signal);
    });
  }

  #hear(worker: Worker, message: FromWorker): void {
    switch (message.kind) {
      case "listening":
        worker.isListening = true;
        if (this.#ports === undefined) {
          this.#ports = message.ports;
          for (const other of this.#workers) if (other.child === undefined) this.#spawn(other);
        }
        this.#tellAllRun();
        return;
      case "scrape":
        void this.#renderAll().then((text) => {
          send(worker, { kind: "metrics", id: message.id, text });
        });
        return;
      case "rendered":
        this.#metrics.heard(worker.index, message.text, message.id);
    }
  }

  #tellAllRun(): void {
    const allRun = this.#workers.every((worker) => worker.isListening);
    if (allRun && !this.#hasStarted) {
      this.#hasStarted = true;
      this.#given.log.info({ ...this.#ports, workers: this.#workers.length }, "listening");
    }
    this.#allRun = allRun;
    for (const worker of this.#workers) send(worker, { kind: "all-run", allRun });
  }

  #gone(worker: Worker, code: number | null, signal: NodeJS.Signals | null): void {
    const { log } = this.#given;
    if (worker.child === undefined) return;
    worker.child = undefined;
    worker.isListening = false;
    this.#metrics.gone(worker.index);
    if (this.#isStopping) {
      this.#exitCode = Math.max(this.#exitCode, code ?? 1);
      this.#endIfAlone();
      return;
    }
    if (!this.#hasStarted && code !== null && code !== 0) {
      // What keeps it from starting at all would keep every other one: its own log says what.
      this.#exitCode = code;
      this.stop();
      return;
    }
    this.#restarts += 1;
    if (this.#allRun) this.#tellAllRun();
    const isSteady = performance.now() - worker.startedMs >= STEADY_MS;
    const pauseMs = isSteady ? 0 : worker.backoffMs;
    worker.backoffMs = isSteady ? FIRST_BACKOFF_MS : Math.min(MAX_BACKOFF_MS, worker.backoffMs * 2);
    log.error({ worker: worker.index, code, signal, pause_ms: pauseMs }, "a worker has died; it is started again");
    worker.timer = setTimeout(() => {
      this.#spawn(worker);
    }, pauseMs);
  }

  #endIfAlone(): void {
    if (this.#workers.every((worker) => worker.child === undefined)) this.#ended(this.#exitCode);
  }

  /** Everybody's metrics, with our own of them. */
  async #renderAll(): Promise<string> {
    const isAsked = (worker: Worker): boolean => worker.isListening;
    const asked = this.#workers.filter(isAsked).map((worker) => worker.index);
    const text = await this.#metrics.all(asked, (index, id) => {
      const worker = this.#workers[index - 1];
      if (worker !== undefined) send(worker, { kind: "render", id });
    });
    const running = this.#workers.filter(isAsked).length;
    return (
      text +
      renderFamily(FAMILIES.workers, [[[], running]]) +
      renderFamily(FAMILIES.workerRestarts, [[[], this.#restarts]])
    );
  }
}

/** A worker that is going away has its channel closed under us; its end follows. */
function send(worker: Worker, message: ToWorker): void {
  if (worker.child?.connected === true) worker.child.send(message, () => {});
}
