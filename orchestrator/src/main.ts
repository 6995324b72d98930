import { readFile } from "node:fs/promises";
import type { App } from "./app.ts";
import { parseFlags, type Options } from "./config/flags.ts";
import { createLog, type Logger } from "./observe/log.ts";
import { StartError } from "./start-error.ts";
import { WORKER_VARIABLE } from "./workers/messages.ts";
import type { Siblings } from "./workers/siblings.ts";

/** As Seldon's executor exits when it can't load its graph. */
const EXIT_NO_GRAPH = 255;
const EXIT_AT_ONCE = 1;
/** Sooner than this nobody means it: `timeout` and others signal a process, and then its group. */
const SECOND_SIGNAL_MS = 1000;

/** Runs the orchestrator until it is told to stop; exits 0 when everything in flight ended, 1 when not. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parseFlags(args, process.env);
  if (parsed.kind === "help") {
    process.stdout.write(parsed.text);
    return;
  }
  if (parsed.kind === "wrong") {
    process.stderr.write(`${parsed.message}\n`);
    process.exitCode = parsed.exitCode;
    return;
  }
  const { options, warnings } = parsed;
  const worker = process.send === undefined ? undefined : process.env[WORKER_VARIABLE];
  const log = createLog(options.logLevel, {
    sdep: options.sdep,
    namespace: options.namespace,
    predictor: options.predictor,
    ...(worker === undefined ? {} : { worker: Number(worker) }),
  });
  if (worker === undefined) for (const warning of warnings) log.warn(warning);
  process.on("uncaughtException", (error) => {
    log.error({ err: error }, "an error was caught by nobody; serving goes on");
  });
  process.on("unhandledRejection", (error) => {
    log.error({ err: error }, "a rejection was caught by nobody; serving goes on");
  });
  if (options.workers > 1 && worker === undefined) await supervise(args, options, log);
  else await serve(options, log, worker !== undefined);
}

/**
 * Calls `stop` for the first signal. The same one after `secondAfterMs` ends the process at once; another one does not,
 * since Ctrl-C reaches a process both by the terminal and by whoever started it.
 */
function onSignals(log: Logger, secondAfterMs: number, stop: () => void, atOnce: () => void): void {
  const seenMs = new Map<NodeJS.Signals, number>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      const nowMs = performance.now();
      const firstMs = seenMs.get(signal);
      if (firstMs === undefined) {
        seenMs.set(signal, nowMs);
        if (seenMs.size === 1) stop();
      } else if (nowMs - firstMs >= secondAfterMs) {
        log.warn({ signal }, "a second signal: stopping at once");
        atOnce();
      }
    });
  }
}

async function supervise(args: readonly string[], options: Options, log: Logger): Promise<void> {
  const { Supervisor } = await import("./workers/supervisor.ts");
  const entry = process.argv[1] ?? "";
  const supervisor = new Supervisor({ options, args, entry, log }, (code) => {
    log.info({ code }, "stopped");
    process.exit(code);
  });
  const stop = (): void => {
    supervisor.stop();
  };
  onSignals(log, SECOND_SIGNAL_MS, stop, stop);
  supervisor.start();
}

async function serve(options: Options, log: Logger, isWorker: boolean): Promise<void> {
  let stopAsked = false as boolean;
  let stop = (): void => {
    stopAsked = true;
  };
  const stopOnce = (): void => {
    stop();
  };
  // Who started a worker sends it only signals that are meant.
  onSignals(log, isWorker ? 0 : SECOND_SIGNAL_MS, stopOnce, () => {
    process.exit(EXIT_AT_ONCE);
  });
  const siblings = isWorker ? (await import("./workers/siblings.ts")).joinSiblings(stopOnce) : undefined;
  try {
    const { startApp } = await import("./app.ts");
    const app = await startApp(options, process.env, await annotationsOf(options), log, Math.random, siblings);
    let stopping: Promise<void> | undefined;
    stop = () => {
      stopping ??= stopAndExit(app, log, siblings);
    };
    if (stopAsked) stop();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.fatal(error instanceof StartError ? {} : { err: error }, message);
    process.stderr.write(`${message}\n`);
    process.exit(EXIT_NO_GRAPH);
  }
}

/** Whatever goes wrong while it stops, the process ends. */
async function stopAndExit(app: App, log: Logger, siblings: Siblings | undefined): Promise<void> {
  let ended = false;
  try {
    ended = await app.stop();
    await siblings?.leave();
  } catch (error) {
    log.error({ err: error }, "stopping failed");
  }
  log.info({ ended }, "stopped");
  process.exit(ended ? 0 : 1);
}

/** The pod's annotations; empty outside a pod. */
async function annotationsOf(options: Options): Promise<string> {
  try {
    return await readFile(options.annotationsFile, "utf8");
  } catch {
    return "";
  }
}

if (import.meta.main) await main(process.argv.slice(2));
