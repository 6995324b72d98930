import type { Duplex } from "node:stream";
import { beginSending, endSending } from "../memory/free-bytes.ts";
import { FRAME_HEADER_BYTES } from "./protocol.ts";

/** What frames are written into; the large ones carry bodies, and are used again. */
const BLOCK_BYTES = 16_384;
const LARGE_BLOCK_BYTES = 262_144;
const MAX_FREE_BLOCKS = 32;
/** Bodies above this are worth a large block. */
const LARGE_BYTES = 4096;

/** Outputs with something to write at the end of this turn of the event loop. */
let waiting: Output[] = [];
const freeBlocks: Buffer[] = [];
const NO_BLOCK = Buffer.alloc(0);

interface Chunk {
  readonly bytes: Buffer;
  /** The large block that nothing is written into after this chunk. */
  readonly full: Buffer | undefined;
}

/** What a connection writes, gathered until the turn of the event loop ends: many frames are one write. */
export class Output {
  readonly #socket: Duplex;
  readonly #onFlushed: () => void;
  /** Where to write next: `reserve` first, then set `at` to the end of what was written. */
  bytes: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  at = 0;
  #start = 0;
  #chunks: Chunk[] = [];
  #chunkBytes = 0;
  #isWaiting = false;
  /** Memory of others that the chunks are parts of. */
  #borrowed: ArrayBufferLike[] = [];

  /** `onFlushed` is called when the socket has been handed what there was. */
  constructor(socket: Duplex, onFlushed: () => void) {
    this.#socket = socket;
    this.#onFlushed = onFlushed;
  }

  /** Bytes that the socket has not taken yet. */
  get pendingBytes(): number {
    return this.#chunkBytes + this.at - this.#start + this.#socket.writableLength;
  }

  /** Makes room for so many bytes from `at` on, and has them written when the turn ends. */
  reserve(size: number): void {
    if (this.bytes.length - this.at < size) this.#nextBlock(size);
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    if (waiting.length === 0) setImmediate(flushAll);
    waiting.push(this);
  }

  /** Writes a frame's header; `reserve` has made room. */
  frameHeader(length: number, type: number, flags: number, streamId: number): void {
    putFrameHeader(this.bytes, this.at, length, type, flags, streamId);
    this.at += FRAME_HEADER_BYTES;
  }

  /** Writes bytes. */
  append(chunk: Buffer): void {
    this.reserve(chunk.length);
    this.at += chunk.copy(this.bytes, this.at);
  }

  /** Writes bytes from where they are, which costs less than copying many of them. They must not change any more. */
  appendInPlace(bytes: Buffer): void {
    this.reserve(0);
    this.#seal(undefined);
    this.#chunks.push({ bytes, full: undefined });
    this.#chunkBytes += bytes.length;
    const memory = bytes.buffer;
    if (this.#borrowed.at(-1) === memory) return;
    this.#borrowed.push(memory);
    beginSending(memory);
  }

  /** Hands everything to the socket. */
  flush(): void {
    const isLarge = this.bytes.length === LARGE_BLOCK_BYTES;
    this.#seal(isLarge ? this.bytes : undefined);
    if (isLarge) {
      // A connection that has sent a large body keeps no large block for it.
      this.bytes = NO_BLOCK;
      this.at = this.#start = 0;
    }
    const chunks = this.#chunks;
    const borrowed = this.#borrowed;
    this.#chunks = [];
    this.#chunkBytes = 0;
    if (borrowed.length > 0) this.#borrowed = [];
    if (chunks.length === 0) return;
    if (this.#socket.destroyed || this.#socket.writableEnded) giveBack(borrowed);
    else this.#write(chunks, borrowed);
  }

  #write(chunks: readonly Chunk[], borrowed: readonly ArrayBufferLike[]): void {
    const socket = this.#socket;
    if (chunks.length > 1) socket.cork();
    const last = borrowed.length > 0 ? chunks.length - 1 : -1;
    chunks.forEach(({ bytes, full }, i) => {
      if (full === undefined && i !== last) socket.write(bytes);
      else
        socket.write(bytes, (error) => {
          if (full !== undefined && !error && freeBlocks.length < MAX_FREE_BLOCKS) freeBlocks.push(full);
          // Writes end in their order: those before the last have ended, too.
          if (i === last) giveBack(borrowed);
        });
    });
    if (chunks.length > 1) socket.uncork();
  }

  /** The same at the end of a turn; there may be more to write then. */
  flushInTurn(): void {
    this.#isWaiting = false;
    this.flush();
    this.#onFlushed();
  }

  #nextBlock(size: number): void {
    this.#seal(this.bytes.length === LARGE_BLOCK_BYTES ? this.bytes : undefined);
    if (size > LARGE_BLOCK_BYTES) this.bytes = Buffer.allocUnsafeSlow(size);
    else if (size > LARGE_BYTES) this.bytes = freeBlocks.pop() ?? Buffer.allocUnsafeSlow(LARGE_BLOCK_BYTES);
    else this.bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.at = this.#start = 0;
  }

  #seal(full: Buffer | undefined): void {
    // A full block with nothing new in it goes unused: its last write may be under way.
    if (this.at === this.#start) return;
    this.#chunks.push({ bytes: this.bytes.subarray(this.#start, this.at), full });
    this.#chunkBytes += this.at - this.#start;
    this.#start = this.at;
  }
}

/** The nine bytes before a frame's payload. */
export function putFrameHeader(
  bytes: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  bytes[at + 5] = streamId >>> 24;
  bytes[at + 6] = streamId >>> 16;
  bytes[at + 7] = streamId >>> 8;
  bytes[at + 8] = streamId;
}

function giveBack(borrowed: readonly ArrayBufferLike[]): void {
  for (const memory of borrowed) endSending(memory);
}

function flushAll(): void {
  const outputs = waiting;
  waiting = [];
  for (const output of outputs) output.flushInTurn();
}
