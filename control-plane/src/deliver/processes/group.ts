import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** How long a group may take to vanish after SIGKILL before we stop looking. */
const KILL_WAIT_MS = 2_000;
const POLL_MS = 25;

/** Sends a signal to every process of a group. Returns false when the group has no process left. */
export function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    // EPERM: some process of the group changed its user; it is there all the same.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** True while a process of the group runs. Zombies do not count: an orphan may wait long for someone to reap it. */
export function groupAlive(pgid: number): boolean {
  if (!signalGroup(pgid, 0)) return false;
  return process.platform === "linux" ? hasLiveMember(pgid) : true;
}

function hasLiveMember(pgid: number): boolean {
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "latin1");
      // pid (name) state ppid pgrp …; the name may hold spaces and brackets.
      const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (Number(group) === pgid && state !== "Z" && state !== "X") return true;
    } catch {
      // The process ended between the listing and the read.
    }
  }
  return false;
}

/**
 * SIGKILL to every process whose environment began with `entry` (`NAME=value`): those that left their group. On Linux only; elsewhere
 * nobody can see another process's environment.
 */
export function killMarked(entry: string): void {
  if (process.platform !== "linux") return;
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (`\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`.includes(`\0${entry}\0`))
        process.kill(Number(pid), "SIGKILL");
    } catch {
      // It ended meanwhile, or is not ours to read.
    }
  }
}

/** SIGTERM to the group, SIGKILL to what is left after `graceMs`; resolves when no process of it runs. */
export async function endGroup(pgid: number, graceMs: number): Promise<void> {
  if (!signalGroup(pgid, "SIGTERM")) return;
  if (await vanished(pgid, graceMs)) return;
  signalGroup(pgid, "SIGKILL");
  await vanished(pgid, KILL_WAIT_MS);
}

async function vanished(pgid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    if (!groupAlive(pgid)) return true;
    const left = deadline - performance.now();
    if (left <= 0) return false;
    await delay(Math.min(POLL_MS, left));
  }
}
