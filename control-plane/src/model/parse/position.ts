import type { Position } from "../../problem/problem.ts";

/** Turns character offsets of a text into lines and columns. Builds its line table on first use. */
export function positionFinder(text: string): (offset: number) => Position {
  let lineStarts: readonly number[] | undefined;
  return (offset) => {
    lineStarts ??= findLineStarts(text);
    const line = lastAtMost(lineStarts, offset);
    return { line: line + 1, column: offset - (lineStarts[line] ?? 0) + 1 };
  };
}

function findLineStarts(text: string): readonly number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
  return starts;
}

/** Index of the last entry that is not above the limit; entries ascend and the first is 0. */
function lastAtMost(entries: readonly number[], limit: number): number {
  let low = 0;
  let high = entries.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((entries[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
