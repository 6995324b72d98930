import { SIZES, type Protocol, type Shape, type Size, type Transport } from "./sizes.ts";

/** One line of the table: what is called, how, and with how much. */
export interface Row {
  readonly transport: Transport;
  readonly protocol: Protocol;
  readonly shape: Shape;
  readonly size: Size;
}

/** What the Go executor (Seldon 1.17.1) needed beside its model on a loaded machine with two cores. */
export interface GoFigure {
  /** CPU per request at 32 connections. */
  readonly cpuMicros: number;
  /** Added mean latency at one connection; absent where it was not measured. */
  readonly addedMs?: number;
}

const GO: Readonly<Record<string, GoFigure>> = {
  "rest/seldon/single/30B": { cpuMicros: 350, addedMs: 0.32 },
  "rest/seldon/single/10kB": { cpuMicros: 310, addedMs: 0.38 },
  "rest/seldon/single/1MB": { cpuMicros: 2100, addedMs: 4.1 },
  "rest/seldon/chain/30B": { cpuMicros: 700 },
  "rest/seldon/combiner/30B": { cpuMicros: 1400 },
  "rest/seldon/router/30B": { cpuMicros: 730 },
  "rest/v2/single/30B": { cpuMicros: 300 },
  "rest/v2/single/10kB": { cpuMicros: 670 },
  "grpc/seldon/single/30B": { cpuMicros: 200, addedMs: 0.56 },
  "grpc/seldon/single/10kB": { cpuMicros: 200, addedMs: 0.59 },
  "grpc/seldon/single/1MB": { cpuMicros: 2400, addedMs: 5.5 },
  "grpc/seldon/chain/30B": { cpuMicros: 310 },
  "grpc/seldon/combiner/30B": { cpuMicros: 510 },
  "grpc/seldon/router/30B": { cpuMicros: 230 },
};

export function rowName(row: Row): string {
  return `${row.transport}/${row.protocol}/${row.shape}/${row.size}`;
}

export function goFigure(row: Row): GoFigure | undefined {
  return GO[rowName(row)];
}

/** The rows whose name has every part of one of the patterns (`rest/single`, `v2/1MB`); all rows for `all`. */
export function chooseRows(patterns: readonly string[]): readonly Row[] {
  const wanted = patterns.map((one) => one.split("/"));
  return allRows().filter((row) => {
    const parts: readonly string[] = [...rowName(row).split("/"), "all"];
    return wanted.some((pattern) => pattern.every((part) => parts.includes(part)));
  });
}

function allRows(): readonly Row[] {
  const rows: Row[] = [];
  for (const transport of ["rest", "grpc"] as const) {
    for (const protocol of ["seldon", "v2", "tensorflow"] as const) {
      for (const shape of ["single", "chain", "combiner", "router"] as const) {
        for (const size of Object.keys(SIZES) as Size[]) rows.push({ transport, protocol, shape, size });
      }
    }
  }
  // Routers and combiners are measured by the protocol that was made for them.
  return rows.filter((row) => row.protocol === "seldon" || row.shape === "single" || row.shape === "chain");
}
