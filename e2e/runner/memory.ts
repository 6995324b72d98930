import assert from "node:assert/strict";

export const MIB = 1024 * 1024;

/** How much the last quarter may be above the first: a share of it, and MiB besides. */
export interface Margin {
  readonly share: number;
  readonly mib: number;
}

/** Means of the first and of the last quarter of the looks. */
function quarters(looks: readonly number[]): readonly [first: number, last: number] {
  const count = Math.max(1, Math.floor(looks.length / 4));
  return [mean(looks.slice(0, count)), mean(looks.slice(-count))];
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
