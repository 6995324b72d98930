import { setTimeout as delay } from "node:timers/promises";

/** Waits until `check` gives something true, and gives it back; fails after `withinMs`. */
export async function until<T>(check: () => T | Promise<T>, what: string, withinMs = 60_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`);
    await delay(20);
  }
}

/** True while a process with this id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The JSON a local server answers; undefined when it does not. */
export async function ask(port: number, path = "/"): Promise<{ pid: number; env: Record<string, string>; cwd: string; args: string[]; argv?: string[]; engine?: string } | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
    return (await response.json()) as Awaited<ReturnType<typeof ask>>;
  } catch {
    return undefined;
  }
}
