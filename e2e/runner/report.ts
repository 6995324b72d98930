import type { Outcome } from "./run-scenario.ts";

/** The outcomes as a table, those that need a look last. */
export function formatTable(outcomes: readonly Outcome[]): string {
  const width = Math.max(...outcomes.map(({ scenario }) => scenario.name.length), 8);
  const rank = { passed: 0, "not run": 1, failed: 2 } as const;
  const sorted = [...outcomes].sort((a, b) => rank[a.result] - rank[b.result]);
  const lines = sorted.map(({ scenario, result, seconds, notes }) => {
    const note = notes.length === 0 ? "" : `  (${notes.join("; ")})`;
    return `${scenario.name.padEnd(width)}  ${result.padEnd(7)} ${seconds.toFixed(1).padStart(6)} s  ${scenario.shows}${note}`;
  });
  return `${lines.join("\n")}\n`;
}

/** One line: how many passed. */
export function formatSum(outcomes: readonly Outcome[], seconds: number): string {
  const count = (result: Outcome["result"]): number => outcomes.filter((one) => one.result === result).length;
  return `${count("passed")} passed, ${count("failed")} failed, ${count("not run")} not run in ${seconds.toFixed(0)} s\n`;
}
