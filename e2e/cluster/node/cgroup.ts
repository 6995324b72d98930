import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";
const V1_CONTROLLERS = ["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "systemd"];

/** Makes the control group that the node's pods live in, under every controller there is. */
export function makeCgroup(name: string): void {
  if (existsSync(join(ROOT, "cgroup.controllers"))) {
    mkdirSync(join(ROOT, name), { recursive: true });
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
