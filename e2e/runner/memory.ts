import assert from "node:assert/strict";

export const MIB = 1024 * 1024;

/** How much may be there in the end above the beginning: a share of it, and MiB besides. */
export interface Margin {
  readonly share: number;
  readonly mib: number;
}

/** The mean of the first quarter of the looks, and the least of the last: of what goes up and down, what stays. */
function quarters(looks: readonly number[]): readonly [first: number, last: number] {
  const count = Math.max(1, Math.floor(looks.length / 4));
  return [mean(looks.slice(0, count)), Math.min(...looks.slice(-count))];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one, 0) / values.length;
}

/** Fails when looks at a size in MiB grow from their first quarter to their last by more than the margin. */
export function assertLevel(what: string, looks: readonly number[], margin: Margin): void {
  const [first, last] = quarters(looks);
  const limit = first * (1 + margin.share) + margin.mib;
  assert.ok(last <= limit, `${what} grows: ${formatGrowth(looks)}, at most ${limit.toFixed(1)} was expected`);
}

export function formatGrowth(looks: readonly number[]): string {
  const [first, last] = quarters(looks);
  return `${first.toFixed(1)} -> ${last.toFixed(1)} MiB`;
}
