import { EncodedPart } from "./part.ts";
import { ProtoWriter } from "./proto-writer.ts";
import type { Bucket, MapEntry } from "./reused.ts";

/** Writes the hashes of buckets in the place of buckets. */
class OutlineWriter extends ProtoWriter {
  hasBuckets = false;
}

/** An outline has everything that the message has, but of buckets their hashes: enough to tell messages apart. */
export function createOutline(): OutlineWriter {
  return new OutlineWriter();
}

/** The bytes to write for a bucket. */
function contentOf(part: EncodedPart, writer: ProtoWriter): Uint8Array {
  if (!(writer instanceof OutlineWriter)) return part.bytes;
  writer.hasBuckets = true;
  return part.digest;
}

/** Writes a map with many entries; into an outline the hashes of its buckets, which only a new entry changes. */
export function writeBuckets(
  writer: ProtoWriter,
  buckets: readonly Bucket[],
  encode: (entry: MapEntry) => Uint8Array,
): void {
  for (const bucket of buckets) {
    bucket.part ??= joinEntries(bucket.entries, encode);
    writer.raw(contentOf(bucket.part, writer));
  }
}

/** The bytes of all; from now on those of each are a view of them. */
function joinEntries(entries: readonly MapEntry[], encode: (entry: MapEntry) => Uint8Array): EncodedPart {
  const each = entries.map((entry) => entry.bytes ?? encode(entry));
  const all = Buffer.concat(each);
  let from = 0;
  entries.forEach((entry, index) => {
    const end = from + (each[index]?.length ?? 0);
    entry.bytes = all.subarray(from, end);
    from = end;
  });
  return new EncodedPart(all);
}
