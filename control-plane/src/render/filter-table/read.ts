import { decodeRouteTable } from "#proto/route-table/decode.ts";
import { lastDrawOf } from "#proto/route-table/hashes.ts";
import type { RouteTable } from "#proto/route-table/model.ts";
import { type Checked, problem } from "../../problem/problem.ts";

/** Reads a table that was rendered; undefined, with a problem that says why, when the filter would refuse it. `file` names the source. */
export function readRouteTable(bytes: Uint8Array, file?: string): Checked<RouteTable | undefined> {
  const decoded = decodeRouteTable(bytes);
  if (decoded.ok) return { value: decoded.table, problems: [] };
  const details = { message: decoded.reason, ...(file === undefined ? {} : { file }) };
  return { value: undefined, problems: [problem("FilterTableUnreadable", details)] };
}

/** The text whose bytes these characters are; themselves where they are no UTF-8. */
function readable(bytes: string): string {
  const text = Buffer.from(bytes, "latin1").toString("utf8");
  return text.includes("\ufffd") ? bytes : text;
}

/** The shortest number that is the same share to the filter: what somebody wrote, not what became of it. */
function asWritten(percent: number): number {
  const draw = lastDrawOf(percent);
  for (let digits = 1; digits < 12; digits += 1) {
    const shorter = Number(percent.toPrecision(digits));
    if (shorter > 0 && shorter <= 100 && lastDrawOf(shorter) === draw) return shorter;
  }
  return percent;
}

function withReadableTexts(value: unknown, name = ""): unknown {
  if (typeof value === "number" && name === "percent") return asWritten(value);
  if (typeof value === "string") return readable(value);
  if (Array.isArray(value)) return value.map((one) => withReadableTexts(one));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withReadableTexts(one, name)]));
}

/** A table as plain data for people, ready for YAML or JSON. The generation is hexadecimal, as in `x-graphway-route`. */
export function describeRouteTable(table: RouteTable): Readonly<Record<string, unknown>> {
  const { deployments, ...rest } = table;
  return {
    ...rest,
    generation: table.generation.toString(16),
    deployments: deployments.map((one) => withReadableTexts(one)),
  };
}
