import { ConnectionError, ERROR, FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from "./protocol.ts";

/** Takes one whole frame; the payload is a view of what was read. */
export type TakeFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

/** Cuts a byte stream into frames. At most one frame is held back. */
export class FrameReader {
  readonly #take: TakeFrame;
  /** The beginning of a frame whose rest has not come. */
  #partial: Buffer = Buffer.alloc(0);
  #partialBytes = 0;

  constructor(take: TakeFrame) {
    this.#take = take;
  }

  /** Throws ConnectionError on a frame that is larger than allowed, and what `take` throws. */
  push(chunk: Buffer): void {
    let at = this.#partialBytes === 0 ? 0 : this.#completePartial(chunk);
    for (;;) {
      const left = chunk.length - at;
      const size = left < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : sizeOf(chunk, at);
      if (left < size) break;
      this.#frame(chunk, at, size);
      at += size;
    }
    if (at === chunk.length) return;
    const left = chunk.length - at;
    this.#partial = Buffer.allocUnsafe(left < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : sizeOf(chunk, at));
    this.#partialBytes = chunk.copy(this.#partial, 0, at);
  }

  /** Adds what the held frame lacks; how much of the chunk that took. */
  #completePartial(chunk: Buffer): number {
    let at = this.#fill(chunk, 0);
    if (this.#partialBytes === FRAME_HEADER_BYTES && this.#partial.length === FRAME_HEADER_BYTES) {
      const whole = Buffer.allocUnsafe(sizeOf(this.#partial, 0));
      this.#partial.copy(whole);
      this.#partial = whole;
      at = this.#fill(chunk, at);
    }
    if (this.#partialBytes < this.#partial.length) return at;
    const frame = this.#partial;
    this.#partialBytes = 0;
    this.#frame(frame, 0, frame.length);
    return at;
  }

  #fill(chunk: Buffer, at: number): number {
    const copied = chunk.copy(this.#partial, this.#partialBytes, at);
    this.#partialBytes += copied;
    return at + copied;
  }

  #frame(bytes: Buffer, at: number, size: number): void {
    const streamId =
      (((bytes[at + 5] ?? 0) & 0x7f) << 24) |
      ((bytes[at + 6] ?? 0) << 16) |
      ((bytes[at + 7] ?? 0) << 8) |
      (bytes[at + 8] ?? 0);
    this.#take(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, streamId, bytes.subarray(at + FRAME_HEADER_BYTES, at + size));
  }
}

function sizeOf(bytes: Buffer, at: number): number {
  const length = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  if (length > MAX_FRAME_BYTES) throw new ConnectionError(ERROR.FRAME_SIZE_ERROR, `a frame of ${length} bytes`);
  return FRAME_HEADER_BYTES + length;
}
