import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { EventQueue } from "./event-queue.ts";
import type { LogEvent } from "./log-event.ts";

/** What to log in pieces, and how it is compressed still; empty: not at all. */
export interface EventBody {
  readonly chunks: readonly Buffer[];
  readonly contentEncoding: string;
  /** Memory reserved for them beyond the event's own; to be released. */
  readonly reservedBytes: number;
}

const inflate = promisify(gunzip);

/**
 * The payload of an event, inflated where it is gzip. What is compressed otherwise, is not what it says, or would not
 * fit into the memory left is logged as it is, with its Content-Encoding.
 */
export async function bodyOf(event: LogEvent, memory: Pick<EventQueue, "reserve" | "release">): Promise<EventBody> {
  const contentEncoding = event.contentEncoding.trim().toLowerCase();
  const asItIs = {
    chunks: event.chunks,
    contentEncoding: contentEncoding === "identity" ? "" : contentEncoding,
    reservedBytes: 0,
  };
  if (contentEncoding !== "gzip" && contentEncoding !== "x-gzip") return asItIs;
  const compressed = joined(event.chunks);
  const inflatedBytes = gzipSize(compressed);
  if (inflatedBytes === undefined || !memory.reserve(inflatedBytes)) return asItIs;
  try {
    const bytes = inflatedBytes === 0 ? EMPTY : await inflate(compressed, { maxOutputLength: inflatedBytes });
    return { chunks: [bytes], contentEncoding: "", reservedBytes: inflatedBytes };
  } catch {
    memory.release(inflatedBytes);
    return asItIs;
  }
}

/** All pieces in one; no copy where there is only one. */
export function joined(chunks: readonly Buffer[]): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

const EMPTY = Buffer.alloc(0);
const GZIP_MIN_BYTES = 18;

/** What a gzip body says of its inflated size, modulo 2^32 (RFC 1952 §2.3.1); a claim, used as the bound. */
function gzipSize(body: Buffer): number | undefined {
  if (body.length < GZIP_MIN_BYTES || body[0] !== 0x1f || body[1] !== 0x8b) return undefined;
  return body.readUInt32LE(body.length - 4);
}
