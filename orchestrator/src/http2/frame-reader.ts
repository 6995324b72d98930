import { ConnectionError, ERROR, FLAG, FRAME, FRAME_HEADER_BYTES, MAX_FRAME_BYTES } from "./protocol.ts";

/** Takes a frame; the payload is a view of what was read. DATA may come in parts, each as a frame of its own. */
export type TakeFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

/** Cuts a byte stream into frames. At most one frame is held back, and no DATA without padding. */
export class FrameReader {
  readonly #take: TakeFrame;
  /** The beginning of a frame whose rest has not come. */
  #partial: Buffer = Buffer.alloc(0);
  #partialBytes = 0;
  /** DATA whose beginning has been handed on: what is to come of it. */
  #dataLeft = 0;
  #dataFlags = 0;
  #dataStream = 0;

  constructor(take: TakeFrame) {
    this.#take = take;
  }

  /** Throws ConnectionError on a frame that is larger than allowed, and what `take` throws. */
  push(chunk: Buffer): void {
    let at = this.#dataLeft > 0 ? this.#continueData(chunk) : 0;
    if (this.#partialBytes > 0) at = this.#completePartial(chunk);
    for (;;) {
      const left = chunk.length - at;
      const size = left < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : sizeOf(chunk, at);
      if (left < size) break;
      this.#frame(chunk, at, size);
      at += size;
    }
    if (at === chunk.length) return;
    const left = chunk.length - at;
    if (left > FRAME_HEADER_BYTES && chunk[at + 3] === FRAME.DATA && ((chunk[at + 4] ?? 0) & FLAG.PADDED) === 0) {
      this.#beginData(chunk, at);
      return;
    }
    this.#partial = Buffer.allocUnsafe(left < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : sizeOf(chunk, at));
    this.#partialBytes = chunk.copy(this.#partial, 0, at);
  }

  /** The beginning of DATA goes on at once, as if it were a frame of its own. */
  #beginData(chunk: Buffer, at: number): void {
    const size = sizeOf(chunk, at);
    this.#dataFlags = chunk[at + 4] ?? 0;
    this.#dataStream = streamIdOf(chunk, at);
    this.#dataLeft = size - (chunk.length - at);
    this.#take(FRAME.DATA, 0, this.#dataStream, chunk.subarray(at + FRAME_HEADER_BYTES));
  }

  /** More of the DATA that was begun; how much of the chunk that is. */
  #continueData(chunk: Buffer): number {
    const length = Math.min(this.#dataLeft, chunk.length);
    this.#dataLeft -= length;
    const flags = this.#dataLeft === 0 ? this.#dataFlags : 0;
    this.#take(FRAME.DATA, flags, this.#dataStream, chunk.subarray(0, length));
    return length;
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
    const payload = bytes.subarray(at + FRAME_HEADER_BYTES, at + size);
    this.#take(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, streamIdOf(bytes, at), payload);
  }
}

function streamIdOf(bytes: Buffer, at: number): number {
  const high = (((bytes[at + 5] ?? 0) & 0x7f) << 24) | ((bytes[at + 6] ?? 0) << 16);
  return high | ((bytes[at + 7] ?? 0) << 8) | (bytes[at + 8] ?? 0);
}

function sizeOf(bytes: Buffer, at: number): number {
  const length = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
  if (length > MAX_FRAME_BYTES) throw new ConnectionError(ERROR.FRAME_SIZE_ERROR, `a frame of ${length} bytes`);
  return FRAME_HEADER_BYTES + length;
}
