import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** How one file of a case differs; `expected` absent: it is new, `actual` absent: nothing makes it. */
export interface Difference {
  /** Path from the case's folder. */
  readonly file: string;
  readonly expected?: string;
  readonly actual?: string;
}

type Texts = ReadonlyMap<string, string>;

/** The files that are not alike, in order of their names. */
export function findDifferences(expected: Texts, actual: Texts): readonly Difference[] {
  const files = [...new Set([...expected.keys(), ...actual.keys()])].sort();
  return files
    .filter((file) => expected.get(file) !== actual.get(file))
    .map((file) => {
      const before = expected.get(file);
      const now = actual.get(file);
      return { file, ...(before === undefined ? {} : { expected: before }), ...(now === undefined ? {} : { actual: now }) };
    });
}

/** Makes the files of a case what they actually come out as. */
export function writeDifferences(folder: string, differences: readonly Difference[]): void {
  for (const { file, actual } of differences) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    if (actual === undefined) rmSync(path);
    else writeFileSync(path, actual);
  }
}

/** A difference as lines to read: what is alike at both ends is left out. */
export function showDifference({ file, expected, actual }: Difference): string {
  const old = expected?.split("\n") ?? [];
  const now = actual?.split("\n") ?? [];
  let head = 0;
  while (head < Math.min(old.length, now.length) && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const state = expected === undefined ? " (new)" : actual === undefined ? " (nothing makes it)" : "";
  const lines = [
    ...old.slice(head, old.length - tail).map((line) => `- ${line}`),
    ...now.slice(head, now.length - tail).map((line) => `+ ${line}`),
  ];
  return [`${file}${state}, from line ${head + 1}:`, ...lines].join("\n");
}
