import { createHash } from "node:crypto";
import protobuf from "protobufjs/light.js";
import type { MapEntry } from "./reused.ts";

/** Bytes that were made before, with a hash of them. */
export class EncodedPart {
  readonly bytes: Uint8Array;
  #digest: Uint8Array | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get digest(): Uint8Array {
    this.#digest ??= createHash("sha256").update(this.bytes).digest();
    return this.#digest;
  }
}

/** What is known of writers that write the hashes of parts in the place of parts. */
const outlines = new WeakMap<protobuf.Writer, { hasParts: boolean }>();

/** An outline has everything that the message has, but of parts their hashes: enough to tell messages apart. */
export function createOutline(): protobuf.Writer {
  const writer = protobuf.Writer.create();
  outlines.set(writer, { hasParts: false });
  return writer;
}

/** Whether the outline is something else than the message. */
export function hasParts(outline: protobuf.Writer): boolean {
  return outlines.get(outline)?.hasParts === true;
}

/** The bytes to write for a part. */
export function contentOf(part: EncodedPart, writer: protobuf.Writer): Uint8Array {
  const outline = outlines.get(writer);
  if (outline === undefined) return part.bytes;
  outline.hasParts = true;
  return part.digest;
}

interface Chunk {
  readonly entries: readonly MapEntry[];
  readonly part: EncodedPart;
}

/** By their first entry. */
const chunks = new WeakMap<MapEntry, Chunk>();

/** The parts of a map with many entries, each made anew only when one of its entries is another. */
export function* chunked(
  entries: readonly MapEntry[],
  encode: (entry: MapEntry) => Uint8Array,
): Generator<EncodedPart> {
  for (let from = 0; from < entries.length;) {
    let end = from;
    while (end < entries.length && entries[end]?.endsChunk === false) end++;
    end = Math.min(end + 1, entries.length);
    yield chunkOf(entries, from, end, encode);
    from = end;
  }
}

function chunkOf(
  all: readonly MapEntry[],
  from: number,
  end: number,
  encode: (entry: MapEntry) => Uint8Array,
): EncodedPart {
  const first = all[from] as MapEntry;
  const known = chunks.get(first);
  if (known !== undefined && isSame(known.entries, all, from, end)) return known.part;
  const entries = all.slice(from, end);
  const made = { entries, part: new EncodedPart(Buffer.concat(entries.map(encode))) };
  chunks.set(first, made);
  return made.part;
}

function isSame(entries: readonly MapEntry[], all: readonly MapEntry[], from: number, end: number): boolean {
  return entries.length === end - from && entries.every((one, index) => one === all[from + index]);
}
