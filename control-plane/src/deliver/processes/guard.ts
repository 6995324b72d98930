import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { endGroup, groupAlive } from "./group.ts";
import { splitLines } from "./line-splitter.ts";

/** What to run: nothing is looked up or inherited. */
export interface Launch {
  /** Absolute path of the program, then its arguments. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a process ended: by itself with a code, by a signal, or never started (`error`). */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: string;
}

export type OutputStream = "stdout" | "stderr";

/** A process and everything it starts, as one process group that cannot outlive this process. */
export interface GuardedProcess {
  /** Process id, which is also the id of its group and session. Absent when it could not be started. */
  readonly pid: number | undefined;
  /** Resolves when the program itself has ended; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Resolves when the whole group is gone and its output has been read; never rejects. */
  readonly ended: Promise<ProcessExit>;
  /** SIGTERM to the group, SIGKILL to what is left after `graceMs`. Resolves like `ended`. */
  stop(graceMs: number): Promise<void>;
}

export interface SpawnOptions {
  /** Called for each line of output. Absent: the output is thrown away. */
  readonly onLine?: (stream: OutputStream, line: string) => void;
  /** How long the rest of a group may live, after SIGTERM, once its leader has ended by itself. Default 1000. */
  readonly leftoverGraceMs?: number;
}

/** Starts processes and makes sure that they end with us. */
export interface Guard {
  /** Process id of the guard process, for reports. */
  readonly pid: number | undefined;
  /** Starts a program in a process group of its own. Failures to start are reported by `exited`. */
  spawn(launch: Launch, options?: SpawnOptions): GuardedProcess;
  /** Ends what still runs (after `graceMs`, default 2000) and then the guard. Safe to call twice. */
  close(graceMs?: number): Promise<void>;
}

const GUARD_PROGRAM = fileURLToPath(new URL("./guard-main.ts", import.meta.url));

// The child puts itself on the guard's list before it becomes the program: graphway may be killed at any moment
// and the guard still knows. As long as this shell holds the pipe, the guard sees no end of it.
const REGISTER = 'echo "add $$" >&3 && exec 3>&- && exec "$@"';
/** Variable that marks our processes, so that the guard finds those that left their group. */
const MARK = "GRAPHWAY_GUARD";
const OUTPUT_WAIT_MS = 250;
const DEFAULT_GRACE_MS = 2_000;

/**
 * Starts the guard process. `graceMs` is what the groups get between SIGTERM and SIGKILL when this process dies
 * without closing the guard; default 2000.
 */
export function startGuard(graceMs = DEFAULT_GRACE_MS): Guard {
  const live = new Map<number, GuardedProcess>();
  const mark = randomUUID();
  let closed = false;
  let guard = launchGuard();

  function launchGuard(): ChildProcess & { stdin: Writable } {
    const bornMs = performance.now();
    const child = spawn(
      process.execPath,
      ["--max-old-space-size=32", GUARD_PROGRAM, String(graceMs), `${MARK}=${mark}`],
      {
        cwd: "/",
        env: {},
        detached: true,
        stdio: ["pipe", "ignore", "ignore"],
      },
    );
    child.stdin.on("error", () => undefined);
    child.on("error", () => undefined);
    child.once("exit", () => {
      // Someone killed the guard, and a new one takes over the list; not at once if it cannot live at all.
      if (!closed) setTimeout(replaceGuard, performance.now() - bornMs < 1_000 ? 200 : 0);
    });
    child.unref();
    (child.stdin as unknown as { unref(): void }).unref();
    return child;
  }

  function replaceGuard(): void {
    if (closed) return;
    guard = launchGuard();
    for (const pgid of live.keys()) guard.stdin.write(`add ${pgid}\n`);
  }

  function start(launch: Launch, options: SpawnOptions = {}): GuardedProcess {
    if (closed) return neverStarted("graphway is stopping");
    const started = spawnGroup({ ...launch, env: { ...launch.env, [MARK]: mark } }, options, guard.stdin);
    const { pid } = started;
    if (pid !== undefined) {
      live.set(pid, started);
      void started.ended.then(() => {
        live.delete(pid);
        if (!closed) guard.stdin.write(`del ${pid}\n`);
      });
    }
    return started;
  }

  return {
    get pid() {
      return guard.pid;
    },
    spawn: start,
    close: async (closeGraceMs = DEFAULT_GRACE_MS) => {
      await Promise.all([...live.values()].map((one) => one.stop(closeGraceMs)));
      if (closed) return;
      closed = true;
      const gone = new Promise<void>((resolve) =>
        guard.once("exit", () => {
          resolve();
        }),
      );
      guard.ref();
      guard.stdin.end();
      if (guard.exitCode === null && guard.signalCode === null) await gone;
    },
  };
}

function spawnGroup(launch: Launch, options: SpawnOptions, register: Writable): GuardedProcess {
  const { onLine } = options;
  const output = onLine === undefined ? "ignore" : "pipe";
  let child: ChildProcess;
  try {
    child = spawn("/bin/sh", ["-c", REGISTER, "sh", ...withOddNames(launch)], {
      cwd: launch.cwd,
      env: { ...launch.env },
      detached: true,
      stdio: ["ignore", output, output, register],
    });
  } catch (error) {
    // Arguments that no program can be started with (a NUL byte), or the guard just died.
    return neverStarted((error as Error).message);
  }
  const { pid } = child;
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve({ code, signal });
    });
    child.once("error", (error) => {
      resolve({ code: null, signal: null, error: error.message });
    });
  });
  const read = new Promise<void>((resolve) =>
    child.once("close", () => {
      resolve();
    }),
  );
  if (onLine !== undefined) {
    if (child.stdout)
      splitLines(child.stdout, (line) => {
        onLine("stdout", line);
      });
    if (child.stderr)
      splitLines(child.stderr, (line) => {
        onLine("stderr", line);
      });
  }
  let stopping: Promise<void> | undefined;
  const ended = exited.then(async (exit) => {
    if (pid === undefined) return exit;
    await (stopping ?? (groupAlive(pid) ? endGroup(pid, options.leftoverGraceMs ?? 1_000) : undefined));
    // A process that left the group may hold the pipes open for ever.
    await Promise.race([read, delay(OUTPUT_WAIT_MS, undefined, { ref: false })]);
    child.stdout?.destroy();
    child.stderr?.destroy();
    return exit;
  });
  return {
    pid,
    exited,
    ended,
    stop: async (graceMs) => {
      if (pid !== undefined) await (stopping ??= endGroup(pid, graceMs));
      await ended;
    },
  };
}

function neverStarted(error: string): GuardedProcess {
  const exited = Promise.resolve({ code: null, signal: null, error });
  return { pid: undefined, exited, ended: exited, stop: () => Promise.resolve() };
}

/** A shell drops variables whose names are no shell names (`my.key`); `env` sets them again. */
function withOddNames(launch: Launch): readonly string[] {
  const odd = Object.entries(launch.env).filter(([name]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (odd.length === 0) return launch.command;
  return ["/usr/bin/env", ...odd.map(([name, value]) => `${name}=${value}`), ...launch.command];
}
