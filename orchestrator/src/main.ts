import { readFile } from "node:fs/promises";
import { startApp, StartError } from "./app.ts";
import { parseFlags, type Options } from "./config/flags.ts";
import { createLog, type Logger } from "./observe/log.ts";

const EXIT_USAGE = 1;
/** As Seldon's executor exits when it can't load its graph. */
const EXIT_NO_GRAPH = 255;

/** Runs the orchestrator until it is told to stop; exits 0 when everything in flight ended, 1 when not. */
export async function main(args: readonly string[]): Promise<void> {
  const parsed = parseFlags(args, process.env);
  if (parsed.kind === "help") {
    process.stdout.write(parsed.text);
    return;
  }
  if (parsed.kind === "wrong") {
    process.stderr.write(`${parsed.message}\n`);
    process.exitCode = EXIT_USAGE;
    return;
  }
  const { options, warnings } = parsed;
  const log = createLog(options.logLevel, {
    sdep: options.sdep,
    namespace: options.namespace,
    predictor: options.predictor,
  });
  for (const warning of warnings) log.warn(warning);
  await serve(options, log);
}

async function serve(options: Options, log: Logger): Promise<void> {
  process.on("uncaughtException", (error) => {
    log.error({ err: error }, "an error was caught by nobody; serving goes on");
  });
  process.on("unhandledRejection", (error) => {
    log.error({ err: error }, "a rejection was caught by nobody; serving goes on");
  });
  let stopAsked = false as boolean;
  let stopping: Promise<void> | undefined;
  let stop = (): void => {
    stopAsked = true;
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      stop();
    });
  }
  try {
    const app = await startApp(options, process.env, await annotationsOf(options), log);
    stop = () => {
      stopping ??= app.stop().then((ended) => {
        log.info({ ended }, "stopped");
        process.exit(ended ? 0 : 1);
      });
    };
    if (stopAsked) stop();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    log.fatal(error instanceof StartError ? {} : { err: error }, message);
    process.stderr.write(`${message}\n`);
    process.exit(EXIT_NO_GRAPH);
  }
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
