import { watch, type FSWatcher } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";

/** How a reading of files that may have changed ended; nothing is reported while they are the same. */
export type Reloaded = { readonly outcome: "success" } | { readonly outcome: "failure"; readonly error: unknown };

export interface RotationTimes {
  /** Files are read once nothing has happened to their folders for this long. */
  readonly debounceMs: number;
  /** They are read this often without any event, for file systems that send none. */
  readonly pollMs: number;
}

const TIMES: RotationTimes = { debounceMs: 200, pollMs: 30_000 };

/** Files that change while the process runs, and what was last made of them without a fault. */
export interface RotatingFiles<T> {
  readonly current: T;
  /** Calls `changed` with each new value, after `current` has it. */
  follow(changed: (value: T) => void): void;
  /** Reads them now, whatever the watch has seen. */
  reload(): Promise<void>;
  stop(): void;
}

/**
 * Reads files and goes on watching their folders: that sees a plain file written anew as well as Kubernetes' swap of the
 * `..data` link. `parse` gets their contents in order; where it throws, or a file can't be read, the value before is
 * kept and `report` is told. Rejects when the first reading fails.
 */
export async function openRotatingFiles<T>(
  files: readonly string[],
  parse: (contents: readonly Buffer[]) => T,
  report: (reloaded: Reloaded) => void,
  times: RotationTimes = TIMES,
): Promise<RotatingFiles<T>> {
  // One after the other: of several that are missing the first is named.
  const read = async (): Promise<Buffer[]> => {
    const contents: Buffer[] = [];
    for (const file of files) contents.push(await readFile(file));
    return contents;
  };
  // Watched before the first reading, so that no change falls between the two.
  const followed = new FollowedFiles<T>(files, read, parse, report, times);
  try {
    await followed.readFirst();
  } catch (error) {
    followed.stop();
    throw error;
  }
  return followed;
}

class FollowedFiles<T> implements RotatingFiles<T> {
  readonly #read: () => Promise<Buffer[]>;
  readonly #parse: (contents: readonly Buffer[]) => T;
  readonly #report: (reloaded: Reloaded) => void;
  readonly #listeners: ((value: T) => void)[] = [];
  readonly #stopWatch: () => void;
  #seen: Buffer[] = [];
  #value: { readonly of: T } | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(
    files: readonly string[],
    read: () => Promise<Buffer[]>,
    parse: (contents: readonly Buffer[]) => T,
    report: (reloaded: Reloaded) => void,
    times: RotationTimes,
  ) {
    this.#read = read;
    this.#parse = parse;
    this.#report = report;
    this.#stopWatch = watchFiles(files, times, () => void this.reload());
  }

  get current(): T {
    if (this.#value === undefined) throw new Error("the files have not been read yet");
    return this.#value.of;
  }

  async readFirst(): Promise<void> {
    this.#seen = await this.#read();
    this.#value = { of: this.#parse(this.#seen) };
  }

  follow(changed: (value: T) => void): void {
    this.#listeners.push(changed);
  }

  reload(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#reloadOnce());
    return this.#reading;
  }

  async #reloadOnce(): Promise<void> {
    if (this.#value === undefined) return;
    try {
      const contents = await this.#read();
      if (contents.every((content, i) => this.#seen[i]?.equals(content) === true)) return;
      // Remembered even if it turns out to be wrong: one bad pair is reported once.
      this.#seen = contents;
      this.#value = { of: this.#parse(contents) };
      for (const listener of this.#listeners) listener(this.#value.of);
      this.#report({ outcome: "success" });
    } catch (error) {
      this.#report({ outcome: "failure", error });
    }
  }

  stop(): void {
    this.#stopWatch();
  }
}

/** Calls `changed` when any of the files may have changed, at most once per quiet time, and at every poll. */
function watchFiles(files: readonly string[], times: RotationTimes, changed: () => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  const names = new Set(files.map((file) => basename(file)));
  let settling: NodeJS.Timeout | undefined;
  const soon = (): void => {
    clearTimeout(settling);
    settling = setTimeout(changed, times.debounceMs).unref();
  };
  const watchFolders = (): void => {
    for (const folder of new Set(files.map((file) => dirname(file)))) {
      if (watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, (_event, name) => {
          if (name === null || names.has(name) || name.startsWith("..")) soon();
        });
        watchers.set(folder, watcher);
        watcher.on("error", () => {
          // The folder went away; the next poll looks for it again.
          watcher.close();
          watchers.delete(folder);
        });
      } catch {
        // Not there, or no watches left: the poll reads it all the same.
      }
    }
  };
  watchFolders();
  const poll = setInterval(() => {
    watchFolders();
    changed();
  }, times.pollMs).unref();
  return () => {
    clearInterval(poll);
    clearTimeout(settling);
    for (const watcher of watchers.values()) watcher.close();
  };
}
