import type { Json, JsonObject } from "./resource.ts";

const marked = new WeakSet<JsonObject>();

/**
 * Marks a body that goes into many messages, or into the same one again and again: it is encoded at its first use and never
 * after. It stays the plain JSON that it is, and must not be edited from now on.
 */
export function reused<T extends JsonObject>(body: T): T {
  marked.add(body);
  return body;
}

export function isReused(body: Json): body is JsonObject {
  return typeof body === "object" && body !== null && marked.has(body as JsonObject);
}

/** An entry of a big map, made once for what it stands for: its bytes are kept with it. */
export interface MapEntry {
  readonly key: string;
  readonly value: JsonObject;
  /** Whether a chunk ends here: by the key alone, so that a new entry moves no other chunk. */
  readonly endsChunk: boolean;
}

/** Entries are kept together in chunks of about so many. */
const ENTRIES_PER_CHUNK = 64;

export function mapEntry(key: string, value: JsonObject): MapEntry {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) >>> 0;
  return { key, value, endsChunk: Math.imul(hash, 0x9e3779b1) >>> 0 < 2 ** 32 / ENTRIES_PER_CHUNK };
}

const joined = new WeakMap<JsonObject, readonly MapEntry[]>();

function inOrder(entries: readonly MapEntry[]): boolean {
  return entries.every((one, index) => index === 0 || (entries[index - 1]?.key ?? "") < one.key);
}

/**
 * A message whose one field `map` has these entries, keys being unique. Only new entries cost something when it is encoded. As JSON it
 * is what it says; the object of the map is made when somebody looks.
 */
export function joinedMap(entries: readonly MapEntry[]): JsonObject {
  const sorted = inOrder(entries) ? entries : entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const body = {
    get map(): JsonObject {
      return Object.fromEntries(sorted.map(({ key, value }) => [key, value]));
    },
  };
  joined.set(body, sorted);
  return body;
}

/** The entries of such a message, by key. */
export function entriesOf(body: Json): readonly MapEntry[] | undefined {
  return typeof body === "object" && body !== null ? joined.get(body as JsonObject) : undefined;
}
