import { accessSync, constants, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** What the machine needs, and what to do where it hasn't. */
interface Need {
  readonly what: string;
  readonly isThere: () => boolean;
  readonly hint: string;
}

const MEMORY_GIB = 6;

const NEEDS: readonly Need[] = [
  { what: "Linux", isThere: () => process.platform === "linux", hint: "run it on a Linux machine" },
  { what: "root", isThere: () => process.getuid?.() === 0, hint: "run it as root: it makes namespaces and mounts" },
  ...["unshare", "nsenter", "ip", "tar", "openssl", "apt-get", "dpkg"].map((name) => program(name)),
  { ...program("go"), hint: "install Go 1.26 or later (https://go.dev/dl)" },
  filesystem("overlay"),
  {
    what: "nf_tables",
    isThere: () => readOr("/proc/modules").includes("nf_tables") || isReadable("/proc/sys/net/netfilter"),
    hint: "load it: modprobe nf_tables",
  },
  {
    what: "the memory control group",
    isThere: () =>
      isReadable("/sys/fs/cgroup/memory") || readOr("/sys/fs/cgroup/cgroup.controllers").includes("memory"),
    hint: "boot with cgroup_enable=memory",
  },
  {
    what: `${MEMORY_GIB} GiB of memory`,
    isThere: () =>
      Number(/MemTotal:\s+(\d+)/.exec(readOr("/proc/meminfo"))?.[1] ?? 0) >= (MEMORY_GIB - 0.5) * 1024 ** 2,
    hint: "take a machine with more",
  },
];

/** What this machine lacks to run the cluster, one line each with what to do; empty when nothing. */
export function missingNeeds(): readonly string[] {
  return NEEDS.filter((need) => !need.isThere()).map((need) => `${need.what} is missing; ${need.hint}`);
}

function program(name: string): Need {
  const isThere = (): boolean =>
    (process.env["PATH"] ?? "").split(delimiter).some((folder) => isReadable(join(folder, name), constants.X_OK));
  return { what: `the program ${name}`, isThere, hint: `install the package that has it` };
}

function filesystem(name: string): Need {
  const isThere = (): boolean => readOr("/proc/filesystems").includes(name);
  return { what: `the file system ${name}`, isThere, hint: `load it: modprobe ${name}` };
}

function isReadable(path: string, mode = constants.R_OK): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
