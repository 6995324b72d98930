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

/**
 * An entry of a big map, made once for what it stands for. Only its bytes are kept: thousands of bodies would be a heap
 * that takes longer to collect than to make.
 */
export class MapEntry {
  readonly key: string;
  /** Its value as JSON, made anew at each call, always the same. */
  readonly render: () => JsonObject;
  /** Once it was encoded. */
  bytes: Uint8Array | undefined;

  constructor(key: string, render: () => JsonObject) {
    this.key = key;
    this.render = render;
    this.bytes = undefined;
  }
}

/** Entries of a big map that are written one after the other, and hashed and encoded together, once. */
export class Bucket {
  /** By key. */
  readonly entries: readonly MapEntry[];
  /** Once they were encoded. */
  part: EncodedPart | undefined;

  constructor(entries: readonly MapEntry[]) {
    this.entries = entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    this.part = undefined;
  }
}

const joined = new WeakMap<JsonObject, readonly Bucket[]>();

/**
 * A message whose one field `map` has the entries of these buckets, keys being unique. Only new buckets cost something when it is
 * encoded. As JSON it is what it says; the object of the map is made when somebody looks.
 */
export function joinedMap(buckets: readonly Bucket[]): JsonObject {
  const body = {
    get map(): JsonObject {
      const entries = buckets.flatMap((bucket) => bucket.entries);
      return Object.fromEntries(entries.map(({ key, render }) => [key, render()]));
    },
  };
  joined.set(body, buckets);
  return body;
}

/** The buckets of such a message. */
export function bucketsOf(body: Json): readonly Bucket[] | undefined {
  return typeof body === "object" && body !== null ? joined.get(body as JsonObject) : undefined;
}
