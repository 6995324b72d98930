/** Freezes a value to its leaves: whoever edits it then throws. */
export function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const one of value instanceof Map || value instanceof Set ? value.values() : Object.values(value)) frozen(one);
  return value;
}
