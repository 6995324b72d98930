import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "../layout.ts";
import { hashOf } from "../layout.ts";
import { Progress } from "./progress.ts";
import { runProgram } from "./run-program.ts";

/** What runs pods, from Debian, unpacked beside the rest: nothing is installed. */
const PACKAGES = [
  "busybox-static",
  "containerd",
  "containernetworking-plugins",
  "libjansson4",
  "libmnl0",
  "libnftables1",
  "libnftnl11",
  "libxtables12",
  "nftables",
  "runc",
];

/** The folder that the packages are unpacked in, brought there first where it is missing. */
export async function unpackPackages(layout: Layout): Promise<string> {
  const folder = join(layout.packages, hashOf(...PACKAGES));
  if (existsSync(folder)) return folder;
  const work = `${folder}.${process.pid}`;
  const progress = new Progress("unpacking Debian packages");
  try {
    for (const name of ["lists/partial", "cache/archives/partial", "debs", "root"]) {
      mkdirSync(join(work, name), { recursive: true });
    }
    // Lists of its own: the machine's may be absent or old, and are not ours to change.
    const state = [
      "-qq",
      "-o",
      `Dir::State::lists=${work}/lists`,
      "-o",
      `Dir::Cache=${work}/cache`,
      "-o",
      "APT::Sandbox::User=root",
    ];
    progress.show(0, 2, "lists");
    await runProgram("apt-get", [...state, "update"]);
    progress.show(1, 2, "packages");
    await runProgram("apt-get", [...state, "download", ...PACKAGES], { cwd: join(work, "debs") });
    for (const name of readdirSync(join(work, "debs"))) {
      await runProgram("dpkg", ["-x", join(work, "debs", name), join(work, "root")]);
    }
    renameSync(join(work, "root"), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  progress.end();
  return folder;
}
