import { existsSync, lstatSync, mkdirSync, rmdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "../layout.ts";
import { NODE } from "../layout.ts";
import { runProgram } from "../setup/run-program.ts";

/**
 * Kernel settings that kubelet wants. It finds files with these values mounted over them, so the machine's own stay as
 * they are.
 */
const SETTINGS: Readonly<Record<string, number>> = {
  "vm/overcommit_memory": 1,
  "vm/panic_on_oom": 0,
  "kernel/panic": 10,
  "kernel/panic_on_oops": 1,
  "kernel/keys/root_maxkeys": 1_000_000,
  "kernel/keys/root_maxbytes": 25_000_000,
};

/** Mounts and network of the node. Runs inside its namespaces, where all of it ends with them. */
export async function prepareMachine(layout: Layout): Promise<void> {
  const mount = (...args: string[]): Promise<string> => runProgram("mount", args);
  const ip = (line: string): Promise<string> => runProgram("ip", line.split(" "));
  await runProgram("hostname", [NODE.name]);
  await mount("--make-rshared", "/");
  await mount("--bind", join(layout.run, "var"), "/var");
  await mount("-t", "tmpfs", "tmpfs", "/run");
  mkdirSync("/run/netns");
  mkdirSync("/run/lock");
  linkVarRun();
  await mount("--bind", layout.containerd, "/var/lib/containerd");
  for (const [name, value] of Object.entries(SETTINGS)) {
    const file = join(layout.run, "proc", name.replaceAll("/", "_"));
    writeFileSync(file, `${value}\n`);
    await mount("--bind", file, `/proc/sys/${name}`);
  }
  await ip("link set lo up");
  await ip("link add node0 type veth peer name node0p");
  await ip(`addr add ${NODE.address}/24 dev node0`);
  await ip("link set node0 up");
  await ip("link set node0p up");
  await ip(`route add default via ${NODE.gateway} dev node0`);
  writeFileSync("/proc/sys/net/ipv4/ip_forward", "1");
  const bridged = "/proc/sys/net/bridge/bridge-nf-call-iptables";
  if (existsSync(bridged)) writeFileSync(bridged, "1");
}

function linkVarRun(): void {
  if (existsSync("/var/run") && !lstatSync("/var/run").isSymbolicLink()) rmdirSync("/var/run");
  if (!existsSync("/var/run")) symlinkSync("/run", "/var/run");
}
