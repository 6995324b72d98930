/** Names beyond these are not compared: a text of thousands of names must not be compared with itself. */
const MOST_CANDIDATES = 100;
/** Longer names are not compared: the work grows with the square of their length. */
const LONGEST_NAME = 100;

/** The known name most like a given one, when it is close enough to be what was meant; letter case and `-_` count little. */
export function findNearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const wanted = fold(name);
  const limit = Math.min(3, Math.max(1, Math.floor(wanted.length / 3)));
  let best: { readonly name: string; readonly distance: number } | undefined;
  let count = 0;
  for (const candidate of known) {
    count += 1;
    if (count > MOST_CANDIDATES) break;
    const distance = editDistance(wanted, fold(candidate.slice(0, 2 * LONGEST_NAME)), best?.distance ?? limit + 1);
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name;
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}

/** Letters to insert, delete, replace or swap with a neighbour; anything from `ceiling` up may come back as `ceiling`. */
function editDistance(one: string, other: string, ceiling: number): number {
  if (Math.abs(one.length - other.length) >= ceiling) return ceiling;
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    if (Math.min(...current) >= ceiling) return ceiling;
    beforeLast = last;
    last = current;
  }
  return at(last, other.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}
