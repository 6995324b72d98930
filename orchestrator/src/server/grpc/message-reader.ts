import { CallError, GRPC, nodeGrpcError } from "../../execute/call-error.ts";

const PREFIX_BYTES = 5;

/** One message as it travelled. */
export interface RawMessage {
  readonly isCompressed: boolean;
  readonly body: Buffer;
}

/** Cuts what a client sends into messages: each a flag byte, four bytes of length, and the message. */
export class MessageReader {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  /** What has come and has not been taken. */
  bytes = 0;
  /** Length of the next message, prefix included, once it is known. */
  #size: number | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
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
    }
    const length = head.readUInt32BE(1);
    if (length > this.#maxBytes) throw tooLarge("received message larger than max", length, this.#maxBytes);
    return length;
  }

  #take(size: number): Buffer {
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

/** gRPC's answer to a message that is larger than allowed, in Go's words. */
export function tooLarge(what: string, bytes: number | string, maxBytes: number): CallError {
  return new CallError("too-large", `grpc: ${what} (${bytes} vs. ${maxBytes})`);
}

const NOTHING = Buffer.alloc(0);
