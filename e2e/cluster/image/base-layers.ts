import { realpathSync } from "node:fs";
import { basename, dirname } from "node:path";
import { runProgram } from "../setup/run-program.ts";
import type { Entry, Layer } from "./image.ts";

/** Commands of busybox that probes, hooks and people use. */
const COMMANDS = ["cat", "env", "hostname", "id", "ip", "ls", "nc", "nslookup", "ps", "sh", "sleep", "wget"];

const ACCOUNTS = "root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/srv:/bin/sh\ngraphway:x:8888:8888::/tmp:/bin/sh\n";
const GROUPS = "root:x:0:\nnode:x:1000:\ngraphway:x:8888:\n";

/** A small system: busybox, accounts, and the shared libraries that the given programs need, from this machine. */
export async function baseLayer(packages: string, programs: readonly string[]): Promise<Layer> {
  const libraries = new Map<string, string>();
  for (const program of programs) for (const path of await librariesOf(program)) libraries.set(path, path);
  // Loaded by name at run time: ldd does not list them.
  for (const beside of await besideLibc([...libraries.values()])) libraries.set(beside, beside);
  const entries: Entry[] = [
    { kind: "copy", path: "/bin/busybox", from: `${packages}/bin/busybox`, mode: 0o755 },
    ...COMMANDS.map((name): Entry => ({ kind: "link", path: `/bin/${name}`, to: "busybox" })),
    { kind: "text", path: "/etc/passwd", text: ACCOUNTS },
    { kind: "text", path: "/etc/group", text: GROUPS },
    { kind: "text", path: "/etc/nsswitch.conf", text: "hosts: files dns\n" },
    { kind: "folder", path: "/tmp", mode: 0o1777 },
    { kind: "folder", path: "/srv", mode: 0o777 },
    ...[...libraries.keys()].map((path): Entry => ({ kind: "copy", path, from: realpathSync(path), mode: 0o755 })),
  ];
  return { name: "base", entries };
}

/** The shared libraries that a program needs, as this machine has them, or as the folder that is looked into first. */
export async function librariesOf(program: string, first?: string): Promise<readonly string[]> {
  const listed = await runProgram("ldd", [program], first === undefined ? {} : { env: { LD_LIBRARY_PATH: first } });
  return [...listed.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => path ?? "");
}

async function besideLibc(libraries: readonly string[]): Promise<readonly string[]> {
  const libc = libraries.find((path) => basename(path) === "libc.so.6");
  if (libc === undefined) return [];
  const listed = await runProgram("ldconfig", ["-p"]);
  return ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"]
    .filter((name) => listed.includes(name))
    .map((name) => `${dirname(libc)}/${name}`);
}
