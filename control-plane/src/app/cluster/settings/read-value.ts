import type { SettingSpec } from "./setting-spec.ts";

/** What is wrong with the text of a setting; undefined when nothing is. */
export function faultOf(spec: SettingSpec, value: string): string | undefined {
  const quoted = JSON.stringify(value);
  switch (spec.kind) {
    case "text":
      return undefined;
    case "number":
      return /^\d{1,9}$/.test(value) ? undefined : `${quoted} is not a whole number`;
    case "seconds":
      return /^\d{1,6}$/.test(value) && value !== "0" ? undefined : `${quoted} is not a number of seconds above 0`;
    case "port":
      return /^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? undefined : `${quoted} is not a port number`;
    case "boolean":
      return truthOf(value) === undefined ? `${quoted} is not true or false` : undefined;
    case "duration":
      return durationMs(value) === undefined ? `${quoted} is not a duration such as 15s or 1m30s` : undefined;
    case "quantity":
      return QUANTITY.test(value) ? undefined : `${quoted} is not a quantity such as 500m or 512Mi`;
    case "choice": {
      const choices = spec.choices ?? [];
      return choices.includes(value) ? undefined : `${quoted} is not one of ${choices.join(", ")}`;
    }
  }
}

const QUANTITY = /^\d+(\.\d+)?([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;

/** A boolean as Go's `strconv.ParseBool` reads it. */
export function truthOf(value: string): boolean | undefined {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(value)) return true;
  return ["0", "f", "F", "false", "FALSE", "False"].includes(value) ? false : undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** A duration as Go writes it (`1m30s`, `500ms`; a bare 0) in milliseconds. */
export function durationMs(value: string): number | undefined {
  if (value === "0") return 0;
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(value)) return undefined;
  let totalMs = 0;
  for (const [, amount, unit] of value.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g))
    totalMs += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  return totalMs;
}
