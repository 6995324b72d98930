import { mkdtemp, readdir, rm } from "node:fs/promises";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for the sockets and files of one run. */
export interface RunFolder {
  readonly path: string;
  readonly xdsSocket: string;
  remove(): void;
}

const PREFIX = "graphway-run-";

/** Makes the folder, short enough for socket paths, and takes away those of runs that were killed. */
export async function createRunFolder(parent: string = tmpdir()): Promise<RunFolder> {
  await removeDead(parent);
  const path = await mkdtemp(join(parent, `${PREFIX}${String(process.pid)}-`));
  return {
    path,
    xdsSocket: join(path, "xds.sock"),
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

async function removeDead(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^graphway-run-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    // Somebody else's folder may not be ours to remove; it is in nobody's way.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
