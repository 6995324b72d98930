import { GRPC, nodeGrpcError, type CallError } from "../execute/call-error.ts";

const PREFIX_BYTES = 5;
const SMALL_BYTES = 4096;
const TAIL_BYTES = 16_384;

/** One message as it travelled. */
export interface RawMessage {
  readonly isCompressed: boolean;
  readonly body: Buffer;
}

/** The error for a message of so many bytes. */
export type TooLarge = (bytes: number, maxBytes: number) => CallError;

/** Cuts what the peer sends into messages: each a flag byte, four bytes of length, and the message. */
export class MessageReader {
  readonly #maxBytes: number;
  readonly #tooLarge: TooLarge;
  #chunks: Buffer[] = [];
  /** Where small pieces go together: a view of a byte keeps all that was read with it. The last chunk is its beginning. */
  #tail: Buffer | undefined;
  /** What has come and has not been taken. */
  bytes = 0;
  /** Length of the next message, prefix included, once it is known. */
  #size: number | undefined;

  constructor(maxBytes: number, tooLarge: TooLarge) {
    this.#maxBytes = maxBytes;
    this.#tooLarge = tooLarge;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.bytes += chunk.length;
    if (chunk.length < SMALL_BYTES && this.#chunks.length > 0) this.#copy(chunk);
    else {
      this.#chunks.push(chunk);
      this.#tail = undefined;
    }
  }

  #copy(chunk: Buffer): void {
    const last = this.#chunks.length - 1;
    const used = this.#tail === undefined ? TAIL_BYTES : (this.#chunks[last]?.length ?? 0);
    if (this.#tail !== undefined && used + chunk.length <= TAIL_BYTES) {
      chunk.copy(this.#tail, used);
      this.#chunks[last] = this.#tail.subarray(0, used + chunk.length);
    } else {
      this.#tail = Buffer.allocUnsafeSlow(TAIL_BYTES);
      this.#chunks.push(this.#tail.subarray(0, chunk.copy(this.#tail)));
    }
  }

  /** The next whole message; undefined until it is there. Throws CallError on one that is too large. */
  next(): RawMessage | undefined {
    if (this.bytes < PREFIX_BYTES) return undefined;
    this.#size ??= PREFIX_BYTES + this.#readLength();
    if (this.bytes < this.#size) return undefined;
    const whole = this.#take(this.#size);
    this.#size = undefined;
    const flag = whole[0] ?? 0;
    if (flag > 1) throw nodeGrpcError(GRPC.INTERNAL, `grpc: received unexpected payload format ${flag}`);
    return { isCompressed: flag === 1, body: whole.subarray(PREFIX_BYTES) };
  }

  #readLength(): number {
    let head = this.#chunks[0] ?? NOTHING;
    if (head.length < PREFIX_BYTES) {
      head = Buffer.concat(this.#chunks, this.bytes);
      this.#chunks = [head];
      this.#tail = undefined;
    }
    const length = head.readUInt32BE(1);
    if (length > this.#maxBytes) throw this.#tooLarge(length, this.#maxBytes);
    return length;
  }

  #take(size: number): Buffer {
    this.#tail = undefined;
    const first = this.#chunks[0] ?? NOTHING;
    const whole = first.length >= size ? first : Buffer.concat(this.#chunks, this.bytes);
    this.bytes -= size;
    if (first.length < size) this.#chunks = [whole.subarray(size)];
    else this.#chunks[0] = first.subarray(size);
    if (this.bytes === 0) this.#chunks = [];
    else if (this.#chunks[0]?.length === 0) this.#chunks.shift();
    return whole.length === size ? whole : whole.subarray(0, size);
  }
}

/** Five bytes that go before a message that is not compressed. */
export function messagePrefix(length: number): Buffer {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  prefix[0] = 0;
  prefix.writeUInt32BE(length, 1);
  return prefix;
}

const NOTHING = Buffer.alloc(0);
