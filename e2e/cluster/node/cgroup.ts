import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";
/**
 * All that runs in pods is one group, and would get as much as a single process beside it. With this weight (a single
 * process has 1, a group 1 to 100) pods are given their processors as on a machine of their own, however busy this one is.
 */
const WEIGHT = 64;
const V1_CONTROLLERS = ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd"];

/** Makes the control group that the node's pods live in, under every controller there is. */
export function makeCgroup(name: string): void {
  if (existsSync(join(ROOT, "cgroup.controllers"))) {
    mkdirSync(join(ROOT, name), { recursive: true });
    writeIfThere(join(ROOT, name, "cpu.weight"), WEIGHT * 100);
    return;
  }
  for (const controller of V1_CONTROLLERS) {
    if (existsSync(join(ROOT, controller))) mkdirSync(join(ROOT, controller, name), { recursive: true });
  }
  // An empty set of CPUs can run nothing.
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const own = join(ROOT, "cpuset", name, file);
    if (existsSync(own)) writeFileSync(own, readFileSync(join(ROOT, "cpuset", file)));
  }
  writeIfThere(join(ROOT, "cpu", name, "cpu.shares"), WEIGHT * 1024);
}

/** Where the controller is not given to this machine's groups, every process is as good as any other. */
function writeIfThere(file: string, value: number): void {
  if (existsSync(file)) writeFileSync(file, String(value));
}

/** Removes it everywhere, with the groups below it that ended pods have left. */
export function removeCgroup(name: string): void {
  const holders = existsSync(join(ROOT, "cgroup.controllers"))
    ? [ROOT]
    : readdirSync(ROOT).map((one) => join(ROOT, one));
  for (const holder of holders) removeBelow(join(holder, name));
}

function removeBelow(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeBelow(join(folder, entry.name));
  }
  rmdirSync(folder);
}
