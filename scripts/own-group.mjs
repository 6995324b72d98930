// Runs the real program below a thin starter, so that neither outlives the other. The child gets a process group of its
// own, hence each signal once (a terminal and npm both send it to us), and a pipe on file descriptor 3 that closes when
// we die, however we die.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { clearInterval, setInterval } from "node:timers";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
/** Signals of one kind within this time are one: npm forwards what the terminal has sent already. Default of `sameSignalMs`. */
const SAME_SIGNAL_MS = 500;
const PARENT_POLL_MS = 500;
const PARENT_FD = 3;
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Parent and short name of a process, or undefined where there is no /proc or no such process. */
function readProcess(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const end = text.lastIndexOf(")");
    return { name: text.slice(text.indexOf("(") + 1, end), parent: Number(text.slice(end + 2).split(" ")[1]) };
  } catch {
    return undefined;
  }
}

/**
 * True until npm, which started us, is gone. npm may have a shell between it and us, which lives on when npm is killed:
 * then the shell's own parent is watched too. Started by hand, we owe our parent nothing (nohup, disown).
 */
function watchNpm() {
  if (process.env.npm_lifecycle_event === undefined && process.env.npm_command === undefined) return () => true;
  const parent = process.ppid;
  const first = readProcess(parent);
  const throughShell = first !== undefined && /^(sh|dash|bash|ash|zsh|ksh|busybox)$/.test(first.name);
  return () => process.ppid === parent && (!throughShell || readProcess(parent)?.parent === first.parent);
}

/** Watched from the first moment: npm may be killed while its script still sets up. */
const npmIsThere = watchNpm();

/** Runs a program with our standard streams; resolves with its exit code (128 + signal number if a signal ended it). */
export function runInOwnGroup(file, args, { sameSignalMs = SAME_SIGNAL_MS, ...options } = {}) {
  if (!npmIsThere()) return Promise.resolve(128 + SIGNAL_NUMBERS.SIGTERM);
  return new Promise((resolve, reject) => {
    const env = { ...(options.env ?? process.env), GRAPHWAY_PARENT_FD: String(PARENT_FD) };
    const child = spawn(file, args, {
      ...options,
      env,
      detached: true,
      stdio: ["inherit", "inherit", "inherit", "pipe"],
    });
    child.stdio[PARENT_FD].on("error", () => undefined); // the child may close its end before it exits
    child.stdio[PARENT_FD].resume();

    const sentAt = new Map();
    const forward = (signal) => {
      const now = performance.now();
      if (now - (sentAt.get(signal) ?? -Infinity) < sameSignalMs) return;
      sentAt.set(signal, now);
      child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, forward);
    const poll = setInterval(() => {
      if (npmIsThere()) return;
      clearInterval(poll);
      forward("SIGTERM");
    }, PARENT_POLL_MS);

    const stop = () => {
      clearInterval(poll);
      for (const signal of SIGNALS) process.off(signal, forward);
    };
    child.on("error", (error) => {
      stop();
      reject(error);
    });
    child.on("exit", (code, signal) => {
      stop();
      resolve(code ?? 128 + (SIGNAL_NUMBERS[signal] ?? 0));
    });
  });
}
