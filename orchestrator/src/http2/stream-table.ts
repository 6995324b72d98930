import type { Stream } from "./stream.ts";

const BUCKETS = 64;

/**
 * The open streams of a connection by id. A Map would do, but for the garbage collector: a Map that grows and shrinks all
 * the time leaves tables behind, each of which leads to the next, so that one that has become old drags every stream
 * after it into the old generation.
 */
export class StreamTable {
  /** Streams whose ids fall together, the newest first. Ids go up by two, so few do. */
  readonly #buckets: (Stream | undefined)[] = Array.from({ length: BUCKETS });
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Stream | undefined {
    let stream = this.#buckets[bucketOf(id)];
    while (stream !== undefined && stream.id !== id) stream = stream.older;
    return stream;
  }

  /** Adds a stream whose id is not there yet. */
  add(stream: Stream): void {
    const bucket = bucketOf(stream.id);
    stream.older = this.#buckets[bucket];
    this.#buckets[bucket] = stream;
    this.#size += 1;
  }

  /** False when there is none of this id. */
  delete(id: number): boolean {
    const bucket = bucketOf(id);
    let newer: Stream | undefined;
    let stream = this.#buckets[bucket];
    while (stream !== undefined && stream.id !== id) {
      newer = stream;
      stream = stream.older;
    }
    if (stream === undefined) return false;
    if (newer === undefined) this.#buckets[bucket] = stream.older;
    else newer.older = stream.older;
    stream.older = undefined;
    this.#size -= 1;
    return true;
  }

  /** All of them as they are now, oldest id first. */
  all(): Stream[] {
    const all: Stream[] = [];
    for (const first of this.#buckets) {
      for (let stream = first; stream !== undefined; stream = stream.older) all.push(stream);
    }
    return all.sort((a, b) => a.id - b.id);
  }
}

function bucketOf(id: number): number {
  return (id >>> 1) % BUCKETS;
}
