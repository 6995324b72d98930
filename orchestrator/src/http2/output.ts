import type { Duplex } from "node:stream";
import { FRAME_HEADER_BYTES } from "./protocol.ts";

const BLOCK_BYTES = 16_384;
/** Chunks up to this size are copied between the frames; larger ones are written as they are. */
const MAX_COPIED_BYTES = 4096;

/** Outputs with something to write at the end of this turn of the event loop. */
let waiting: Output[] = [];

/** What a connection writes, gathered until the turn of the event loop ends: many frames are one write. */
export class Output {
  readonly #socket: Duplex;
  readonly #onFlushed: () => void;
  /** Where to write next: `reserve` first, then set `at` to the end of what was written. */
  bytes: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  at = 0;
  #start = 0;
  #chunks: Buffer[] = [];
  #chunkBytes = 0;
  #isWaiting = false;

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
    if (this.bytes.length - this.at < size) {
      this.#seal();
      this.bytes = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, size));
      this.at = this.#start = 0;
    }
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

  /** Writes bytes that nobody changes from now on. */
  append(chunk: Buffer): void {
    if (chunk.length <= MAX_COPIED_BYTES) {
      this.reserve(chunk.length);
      this.at += chunk.copy(this.bytes, this.at);
      return;
    }
    this.#seal();
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.length;
  }

  /** Hands everything to the socket. */
  flush(): void {
    this.#seal();
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#chunkBytes = 0;
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    const [first] = chunks;
    if (first === undefined) return;
    if (chunks.length === 1) {
      this.#socket.write(first);
      return;
    }
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.uncork();
  }

  /** The same at the end of a turn; there may be more to write then. */
  flushInTurn(): void {
    this.#isWaiting = false;
    this.flush();
    this.#onFlushed();
  }

  #seal(): void {
    if (this.at === this.#start) return;
    this.#chunks.push(this.bytes.subarray(this.#start, this.at));
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

function flushAll(): void {
  const outputs = waiting;
  waiting = [];
  for (const output of outputs) output.flushInTurn();
}
