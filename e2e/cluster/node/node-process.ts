import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "../layout.ts";
import { makeCgroup, removeCgroup } from "./cgroup.ts";
import { writeNodeFiles } from "./node-files.ts";

/** A node that runs, by the process of the machine that is its first one. */
export interface NodeProcess {
  readonly pid: number;
}

const NAMESPACES = ["-m", "-n", "-p", "-u", "-i", "--fork", "--kill-child", "--mount-proc"];
const READY_DEADLINE_MS = 180_000;

/** The node of this checkout where one runs. */
export function runningNode(layout: Layout): NodeProcess | undefined {
  const path = join(layout.run, "init.pid");
  if (!existsSync(path)) return undefined;
  const pid = Number(readFileSync(path, "utf8"));
  return isAlive(pid) ? { pid } : undefined;
}

/**
 * Starts the node and waits until pods can be scheduled. With `untilEof` it lives as long as this process does;
 * without, until it is stopped. Throws with the end of its log when it can't start.
 */
export async function startNode(layout: Layout, packages: string, untilEof: boolean): Promise<NodeProcess> {
  rmSync(layout.run, { recursive: true, force: true });
  mkdirSync(layout.logs, { recursive: true });
  writeNodeFiles(layout, packages);
  makeCgroup(layout.cgroup);
  const log = openSync(join(layout.logs, "init.log"), "w");
  const script = join(import.meta.dirname, "init.ts");
  // A shell in front of Node, since somebody has to reap the orphans that containers leave.
  const command = '"$@"; exit $?';
  const init = [process.execPath, script, layout.root, packages, untilEof ? "until-eof" : "until-stopped"];
  const child = spawn("unshare", [...NAMESPACES, "bash", "-c", command, "node-init", ...init], {
    stdio: [untilEof ? "pipe" : "ignore", log, log],
    detached: true,
  });
  child.unref();
  if (child.stdin !== null) (child.stdin as unknown as { unref(): void }).unref();
  const { pid: outer } = child;
  if (outer === undefined) throw new Error("unshare can't be run");
  const deadlineMs = performance.now() + READY_DEADLINE_MS;
  let pid = 0;
  while (!existsSync(join(layout.run, "ready"))) {
    pid ||= firstChild(outer);
    if (pid !== 0) writeFileSync(join(layout.run, "init.pid"), String(pid));
    if (!isAlive(outer) || performance.now() > deadlineMs) {
      const said = readFileSync(join(layout.logs, "init.log"), "utf8").trim().split("\n").slice(-20).join("\n");
      await stopNode(layout);
      throw new Error(`the node did not start; logs are in ${layout.logs}\n${said}`);
    }
    await delay(50);
  }
  return { pid };
}

/** Ends the node and removes what it leaves: its control group and its files. Logs and caches stay. */
export async function stopNode(layout: Layout): Promise<void> {
  const node = runningNode(layout);
  if (node !== undefined) {
    process.kill(node.pid, "SIGKILL");
    const deadlineMs = performance.now() + 20_000;
    while (isAlive(node.pid) && performance.now() < deadlineMs) await delay(20);
  }
  await removeGroup(layout);
  rmSync(layout.run, { recursive: true, force: true });
}

/** The kernel lets go of a group a moment after its last process has ended. */
async function removeGroup(layout: Layout): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      removeCgroup(layout.cgroup);
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await delay(50);
    }
  }
}

function firstChild(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0] ?? 0);
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.startsWith("Z") !== true;
  } catch {
    return false;
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
