import type { FlagSpec } from "./flag-table.ts";

/** Why a value can't be one of this flag. */
export function faultOf(spec: FlagSpec, value: string): string | undefined {
  switch (spec.kind) {
    case "text":
      return undefined;
    case "number":
      if (!/^\d{1,15}$/.test(value)) return `"${value}" is not a whole number`;
      return Number(value) > (spec.max ?? Infinity) ? `${value} is more than ${spec.max}` : undefined;
    case "boolean":
      return truthOf(value) === undefined ? `"${value}" is not true or false` : undefined;
    case "duration":
      return durationMs(value) === undefined ? `"${value}" is not a duration such as 15s or 1m30s` : undefined;
  }
}

/** A boolean as Go's flag package reads it. */
export function truthOf(value: string): boolean | undefined {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  return ["0", "f", "F", "false", "FALSE", "False"].includes(value) ? false : undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, ns: 0.000001 };

/** A duration as Go writes it (`1m30s`, `500ms`; a bare 0) in milliseconds. */
export function durationMs(value: string): number | undefined {
  if (value === "0") return 0;
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|ns))+$/.test(value)) return undefined;
  let total = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|ns)/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return total;
}
