import { hash } from "node:crypto";

function ordered(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A hash of a JSON value that the order of keys does not change; 16 hex digits. */
export function stableHash(value: unknown): string {
  return hash("sha256", JSON.stringify(value, ordered)).slice(0, 16);
}
