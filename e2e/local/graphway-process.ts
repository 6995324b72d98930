import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../scripts/free-port-for-tests.ts";

/** The root of the project. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

const START_TIMEOUT_MS = 90_000;
const END_TIMEOUT_MS = 60_000;
const WORDS_TIMEOUT_MS = 60_000;

const running = new Set<ChildProcess>();

/** Kills what a failed test left running; for the `after` of a suite. */
export function killLeftovers(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** A running `graphway run`, as a user would start it. */
export interface GraphwayProcess {
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  /** Everything it has printed. */
  output(): string;
  /** Resolves with the match once its output, from `from` on, matches; fails with the output after `timeoutMs`. */
  waitFor(pattern: RegExp, options?: { readonly from?: number; readonly timeoutMs?: number }): Promise<RegExpExecArray>;
  /** Resolves with the exit code once it has ended by itself; null when a signal ended it. */
  ended(): Promise<number | null>;
  /** Sends a signal and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts `graphway run` with `words` on a free port; resolves when it says that it is ready. */
export async function startGraphway(words: readonly string[], wait: RegExp = /^ready/m): Promise<GraphwayProcess> {
  const port = await freePort();
  const graphway = spawnGraphway(["run", "--port", String(port), ...words], port);
  await graphway.waitFor(wait, { timeoutMs: START_TIMEOUT_MS });
  return graphway;
}

/** Starts any graphway command. */
export function spawnGraphway(
  words: readonly string[],
  port = 0,
  env: Readonly<Record<string, string>> = {},
): GraphwayProcess {
  const child = spawn(process.execPath, [join(ROOT, "cli", "main.ts"), ...words], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      child.emit("printed");
    });
  }
  running.add(child);
  let hasEnded = false;
  const exited = once(child, "close").then(([code]) => {
    hasEnded = true;
    running.delete(child);
    return code as number | null;
  });

  async function waitFor(pattern: RegExp, { from = 0, timeoutMs = WORDS_TIMEOUT_MS } = {}): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const match = pattern.exec(text.slice(from));
      if (match) return match;
      if (hasEnded || deadline.aborted) throw new Error(`waited for ${String(pattern)}; it printed:\n${text}`);
      await Promise.race([once(child, "printed", { signal: deadline }), exited]).catch(() => undefined);
    }
  }

  return {
    url: `http://127.0.0.1:${String(port)}`,
    port,
    child,
    output: () => text,
    ended: () => withDeadline(exited, () => text),
    waitFor,
    stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return withDeadline(exited, () => text);
    },
  };
}

async function withDeadline(exited: Promise<number | null>, output: () => string): Promise<number | null> {
  const late = Symbol("late");
  const timer = Promise.withResolvers<typeof late>();
  const timeout = setTimeout(() => {
    timer.resolve(late);
  }, END_TIMEOUT_MS);
  const code = await Promise.race([exited, timer.promise]);
  clearTimeout(timeout);
  if (code === late) throw new Error(`it did not end within ${String(END_TIMEOUT_MS)} ms; it printed:\n${output()}`);
  return code;
}
