import { hash } from "node:crypto";

type Fields = Readonly<Record<string, unknown>>;

/** In order, by insertion: there are few, and they are mostly in order already. */
function orderedKeys(object: Fields): readonly string[] {
  const keys = Object.keys(object);
  for (let end = 1; end < keys.length; end += 1) {
    const key = keys[end] ?? "";
    let at = end - 1;
    for (; at >= 0 && (keys[at] ?? "") > key; at -= 1) keys[at + 1] = keys[at] ?? "";
    keys[at + 1] = key;
  }
  return keys;
}

/** The same value with the keys of every object in order. */
function ordered(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(ordered);
  const object = value as Fields;
  const copy: Record<string, unknown> = {};
  for (const key of orderedKeys(object)) copy[key] = ordered(object[key]);
  return copy;
}

/** A hash of a JSON value that the order of keys does not change; 16 hex digits. */
export function stableHash(value: unknown): string {
  return hash("sha256", JSON.stringify(ordered(value))).slice(0, 16);
}
