import { readdirSync, readFileSync } from "node:fs";
import type { KubeObject } from "./kube.ts";
import { NotRun } from "./scenario.ts";
import type { World } from "./world.ts";

/**
 * Stops every process of a pod where it stands: its connections stay open, and nothing answers on them. What is still there when the
 * scenario ends goes on.
 */
export function freeze(world: World, { metadata }: KubeObject): void {
  if (world.target.nodePid === undefined) throw new NotRun("the processes of this target are somebody else's");
  const found = processesOf(metadata.uid ?? "");
  if (found.length === 0) throw new Error(`no process of pod ${metadata.name} is found`);
  world.atEnd(() => {
    for (const pid of found) if (belongsTo(pid, metadata.uid ?? "")) signal(pid, "SIGCONT");
    return Promise.resolve();
  });
  for (const pid of found) signal(pid, "SIGSTOP");
}

function processesOf(uid: string): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && belongsTo(pid, uid));
}

/** By the pod's control group, which has its uid in its name; systemd writes underscores. */
function belongsTo(pid: number, uid: string): boolean {
  try {
    const groups = readFileSync(`/proc/${String(pid)}/cgroup`, "utf8");
    return uid !== "" && (groups.includes(uid) || groups.includes(uid.replaceAll("-", "_")));
  } catch {
    // It has ended meanwhile.
    return false;
  }
}

function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
