import type { EncodedPart } from "./part.ts";
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

/** The entries of a map are written bucket by bucket; a power of two. */
const BUCKETS = 256;

/**
 * An entry of a big map, made once for what it stands for. Only its bytes are kept: thousands of bodies would be a heap
 * that takes longer to collect than to make.
 */
export class MapEntry {
  readonly key: string;
  /** Its value as JSON, made anew at each call, always the same. */
  readonly render: () => JsonObject;
  /** Where it stands in a map, by its key alone, so that entries move no others. */
  readonly bucket: number;
  /** Once it was encoded. */
  bytes: Uint8Array | undefined;
  /** The bucket that it was the first of, the last time. */
  known: Bucket | undefined;

  constructor(key: string, render: () => JsonObject) {
    this.key = key;
    this.render = render;
    let hash = 0;
    for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
    this.bucket = (Math.imul(hash, 0x9e3779b1) >>> 16) & (BUCKETS - 1);
    this.bytes = undefined;
    this.known = undefined;
  }
}

/** Entries of a map that are written one after the other. */
export interface Bucket {
  /** As they were given. */
  readonly entries: readonly MapEntry[];
  /** By key. */
  readonly sorted: readonly MapEntry[];
  /** Once they were encoded. */
  part: EncodedPart | undefined;
}

const joined = new WeakMap<JsonObject, readonly MapEntry[]>();

/**
 * A message whose one field `map` has these entries, keys being unique, in any order. Only new entries cost something when it is
 * encoded. As JSON it is what it says; the object of the map is made when somebody looks.
 */
export function joinedMap(entries: readonly MapEntry[]): JsonObject {
  const body = {
    get map(): JsonObject {
      return Object.fromEntries(byKey(entries).map(({ key, render }) => [key, render()]));
    },
  };
  joined.set(body, entries);
  return body;
}

function byKey(entries: readonly MapEntry[]): readonly MapEntry[] {
  return entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** The entries of such a message: the same for the same entries, however they were ordered. */
export function bucketsOf(body: Json): readonly Bucket[] | undefined {
  const entries = typeof body === "object" && body !== null ? joined.get(body as JsonObject) : undefined;
  if (entries === undefined) return undefined;
  const buckets = Array.from({ length: BUCKETS }, (): MapEntry[] => []);
  for (const entry of entries) buckets[entry.bucket]?.push(entry);
  return buckets.flatMap((one) => (one[0] === undefined ? [] : [bucketOf(one[0], one)]));
}

function bucketOf(first: MapEntry, entries: readonly MapEntry[]): Bucket {
  const { known } = first;
  const isKnown = known?.entries.length === entries.length && known.entries.every((one, i) => one === entries[i]);
  if (isKnown) return known;
  return (first.known = { entries, sorted: byKey(entries), part: undefined });
}
