import { GRPC, nodeGrpcError, type CallError } from "../execute/call-error.ts";
import { keepBytes } from "../memory/lent-bytes.ts";
import { PREFIX_BYTES } from "./frame.ts";
import { LargeMessage } from "./large-message.ts";

const SMALL_BYTES = 4096;
const TAIL_BYTES = 16_384;
/** Messages above this have memory of their own while they come. */
const LARGE_BYTES = 65_536;

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
  /** The beginning of a large message; `#chunks` then has what comes after it. */
  #large: LargeMessage | undefined;

  constructor(maxBytes: number, tooLarge: TooLarge) {
    this.#maxBytes = maxBytes;
    this.#tooLarge = tooLarge;
  }

  /** Takes a lent chunk. */
  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    const rest = this.#large === undefined ? chunk : chunk.subarray(this.#large.push(chunk));
    if (rest.length === 0) return;
    if (rest.length < SMALL_BYTES && this.#chunks.length > 0) this.#copy(rest);
    else {
      this.#chunks.push(keepBytes(rest));
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
    if (this.bytes < this.#size) {
      if (this.#size > LARGE_BYTES && this.#large === undefined) this.#large = this.#beginLarge(this.#size);
      return undefined;
    }
    const { flag, body } = this.#large ?? this.#take(this.#size);
    this.bytes -= this.#size;
    this.#size = this.#large = undefined;
    if (flag > 1) throw nodeGrpcError(GRPC.INTERNAL, `grpc: received unexpected payload format ${flag}`);
    return { isCompressed: flag === 1, body };
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

  #beginLarge(size: number): LargeMessage {
    const [first = NOTHING, ...more] = this.#chunks;
    const large = new LargeMessage(first[0] ?? 0, size - PREFIX_BYTES);
    large.push(first.subarray(PREFIX_BYTES));
    for (const chunk of more) large.push(chunk);
    this.#chunks = [];
    this.#tail = undefined;
    return large;
  }

  #take(size: number): { readonly flag: number; readonly body: Buffer } {
    this.#tail = undefined;
    const first = this.#chunks[0] ?? NOTHING;
    const whole = first.length >= size ? first : Buffer.concat(this.#chunks, this.bytes);
    if (first.length < size) this.#chunks = [whole.subarray(size)];
    else this.#chunks[0] = first.subarray(size);
    if (this.#chunks[0]?.length === 0) this.#chunks.shift();
    return { flag: whole[0] ?? 0, body: whole.subarray(PREFIX_BYTES, size) };
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
