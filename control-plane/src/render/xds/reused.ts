import type { JsonObject } from "./resource.ts";

/** A message that was encoded before: its fields, without a length in front, and a hash of them. */
export interface EncodedPart {
  readonly bytes: Uint8Array;
  readonly digest: Uint8Array;
}

const marked = new WeakSet<JsonObject>();

/**
 * Marks a body that will go into many messages, or into one message many times: it is encoded at its first use and never
 * again. It stays the plain JSON that it is, and must never be edited from now on.
 */
export function reused<T extends JsonObject>(body: T): T {
  marked.add(body);
  return body;
}

export function isReused(body: unknown): body is JsonObject {
  return typeof body === "object" && body !== null && marked.has(body as JsonObject);
}

/** Remembers what `make` gave for an object, for as long as the object lives. */
export function memoized<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const found = known.get(key) ?? { value: make(key) };
    known.set(key, found);
    return found.value;
  };
}
