import type { Measurement } from "./measure.ts";
import { goFigure, rowName, type Row } from "./rows.ts";

const HEADINGS = [
  "row",
  "conns",
  "direct req/s",
  "via req/s",
  "ratio",
  "direct mean ms",
  "via mean ms",
  "via p50",
  "via p99",
  "added ms",
  "CPU µs/req",
  "relay µs/req",
  "Go µs/req",
  "share of Go",
];
const WIDTHS = [28, 6, 13, 10, 6, 15, 12, 8, 8, 9, 11, 13, 10, 12];

/** One measured row as cells, Go's published figure beside ours where there is one. */
export function cellsOf(row: Row, connections: number, { direct, via, relayed }: Measurement): readonly string[] {
  const go = connections === 1 ? undefined : goFigure(row)?.cpuMicros;
  const addedByGo = connections === 1 ? goFigure(row)?.addedMs : undefined;
  const added = (via.meanMs - direct.meanMs).toFixed(2);
  return [
    rowName(row),
    String(connections),
    direct.requestsPerSecond.toFixed(0),
    via.requestsPerSecond.toFixed(0),
    (via.requestsPerSecond / direct.requestsPerSecond).toFixed(2),
    direct.meanMs.toFixed(3),
    via.meanMs.toFixed(3),
    via.p50Ms.toFixed(2),
    via.p99Ms.toFixed(2),
    addedByGo === undefined ? added : `${added} (${addedByGo})`,
    via.cpuMicros.toFixed(0),
    relayed?.cpuMicros.toFixed(0) ?? "",
    go === undefined ? "" : String(go),
    go === undefined ? "" : `${((via.cpuMicros / go) * 100).toFixed(0)} %`,
  ];
}

export function headLine(asMarkdown: boolean): string {
  if (!asMarkdown) return line(HEADINGS, false);
  return `${line(HEADINGS, true)}\n|${HEADINGS.map((_, i) => (i === 0 ? " --- |" : " --: |")).join("")}`;
}

export function line(cells: readonly string[], asMarkdown: boolean): string {
  if (asMarkdown) return `| ${cells.join(" | ")} |`;
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[i] ?? 0) : cell.padStart(WIDTHS[i] ?? 0))).join(" ");
}
