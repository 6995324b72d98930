import { decodeRouteTable } from "#proto/route-table/decode.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import { type Checked, problem } from "../../problem/problem.ts";

/** Reads a table that was rendered; undefined, with a problem that says why, when the filter would refuse it. `file` names the source. */
export function readRouteTable(bytes: Uint8Array, file?: string): Checked<RouteTable | undefined> {
  const decoded = decodeRouteTable(bytes);
  if (decoded.ok) return { value: decoded.table, problems: [] };
  const details = { message: decoded.reason, ...(file === undefined ? {} : { file }) };
  return { value: undefined, problems: [problem("FilterTableUnreadable", details)] };
}

/** A table as plain data for people, ready for YAML or JSON. The generation is hexadecimal, as in `x-graphway-route`. */
export function describeRouteTable(table: RouteTable): Readonly<Record<string, unknown>> {
  return { ...table, generation: table.generation.toString(16) };
}
