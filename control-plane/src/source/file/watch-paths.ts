import { readdirSync, statSync, watch, type BigIntStats, type FSWatcher } from "node:fs";
import { dirname, join } from "node:path";

/** How often the paths are also looked at without being told, for file systems that report no changes. */
const LOOK_AGAIN_MS = 1000;

export interface WatchOptions {
  /** Whether the folders in a folder count too. */
  readonly recursive: boolean;
  /** Quiet time after a change before it is reported. */
  readonly quietMs: number;
}

/**
 * Calls back after a change at or below one of the paths, once per burst. Folders are watched instead of files, because editors
 * replace files; a slow look at sizes and times backs the notifications up. Returns what stops the watch.
 */
export function watchPaths(paths: readonly string[], options: WatchOptions, onChange: () => void): () => void {
  const { recursive, quietMs } = options;
  let seen = fingerprint(paths, recursive);
  let quiet: NodeJS.Timeout | undefined;
  const look = (): void => {
    quiet = undefined;
    const now = fingerprint(paths, recursive);
    if (now === seen) return;
    seen = now;
    onChange();
  };
  const notice = (): void => {
    quiet ??= setTimeout(look, quietMs);
  };
  const watchers = paths.flatMap((path) => watchPath(path, recursive, notice));
  const again = setInterval(look, LOOK_AGAIN_MS);
  return () => {
    for (const watcher of watchers) watcher.close();
    clearInterval(again);
    clearTimeout(quiet);
  };
}

function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() === true;
}

/** Undefined for what is not there or cannot be looked at (a folder closed to us, a link to itself): reading it says why. */
function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/** Of a file, the folder that it stands in is watched. */
function watchPath(path: string, deep: boolean, notice: () => void): readonly FSWatcher[] {
  const folder = isFolder(path);
  try {
    const watcher = watch(folder ? path : dirname(path), { recursive: folder && deep }, notice);
    // A folder that vanishes ends its notifications; the interval goes on looking.
    watcher.on("error", () => {
      watcher.close();
    });
    return [watcher];
  } catch {
    return []; // no notifications here (a missing folder, or no watches left): the interval looks
  }
}

/** Names, sizes and times of everything that could have changed. */
function fingerprint(paths: readonly string[], recursive: boolean): string {
  return paths
    .flatMap((path) => (isFolder(path) ? entriesOf(path, recursive) : [path]))
    .map(describe)
    .join("\n");
}

function entriesOf(folder: string, recursive: boolean): readonly string[] {
  try {
    const names = readdirSync(folder, { recursive, encoding: "utf8" });
    return names
      .filter((name) => /\.(ya?ml|json)$/.test(name))
      .map((name) => join(folder, name))
      .sort();
  } catch {
    return [folder]; // it vanished between two looks: its absence is the change
  }
}

function describe(file: string): string {
  const entry = statOf(file);
  return entry === undefined ? `${file} -` : `${file} ${entry.size} ${entry.mtimeNs} ${entry.ino}`;
}
