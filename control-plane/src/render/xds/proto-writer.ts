/** How much a new buffer holds; most messages need less. */
const START_BYTES = 4096;
/** Buffers of writers that are done, for the next ones: no more than ever wrote at once, none of them large. */
const spare: Buffer[] = [];
const MOST_SPARE = 8;
const MOST_SPARE_BYTES = 1 << 20;
/** Shorter texts are written faster here than by a call into the runtime. */
const SHORT_CHARS = 48;
/** Bytes that a varint takes at most, and a tag's value with a fixed size. */
const MOST_VARINT_BYTES = 10;

/** Bytes at least so many are put in their place by `finish` only: they are not moved when a length before them is known. */
const LARGE_BYTES = 1024;

/** Bytes that stand before those at an offset of the buffer. */
interface Large {
  at: number;
  readonly bytes: Uint8Array;
}

/** Where a nested message begins: its offset in the buffer, and how many large bytes were before it. */
interface Start {
  readonly at: number;
  readonly largeCount: number;
  readonly largeBytes: number;
}

/**
 * Writes the wire format of Protocol Buffers straight into one buffer. Nested messages are written in place: a byte is
 * left for their length, and long ones are moved when their end is known. The methods return the writer, `finish` ends it.
 * Bytes that it is given must stay as they are until then.
 */
export class ProtoWriter {
  #buffer: Buffer = spare.pop() ?? Buffer.allocUnsafeSlow(START_BYTES);
  #at = 0;
  /** Where the messages begin that are being written. */
  readonly #starts: Start[] = [];
  readonly #large: Large[] = [];
  #largeBytes = 0;

  /** A varint up to 32 bits; a tag is one too. */
  uint32(value: number): this {
    this.#reserve(MOST_VARINT_BYTES);
    let rest = value >>> 0;
    while (rest > 127) {
      this.#buffer[this.#at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.#buffer[this.#at++] = rest;
    return this;
  }

  /** Negative numbers have 64 bits on the wire. */
  int32(value: number): this {
    return value < 0 ? this.int64(value) : this.uint32(value);
  }

  /** A whole number of up to 53 bits. */
  int64(value: number): this {
    if (value >= 0) return this.uint64(value);
    this.#reserve(MOST_VARINT_BYTES);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      this.#buffer[this.#at++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#buffer[this.#at++] = Number(rest);
    return this;
  }

  /** A whole number of up to 53 bits, not negative. */
  uint64(value: number): this {
    this.#reserve(MOST_VARINT_BYTES);
    let rest = value;
    while (rest > 127) {
      this.#buffer[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#at++] = rest;
    return this;
  }

  bool(value: boolean): this {
    return this.uint32(value ? 1 : 0);
  }

  double(value: number): this {
    this.#reserve(8);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
    return this;
  }

  float(value: number): this {
    this.#reserve(4);
    this.#at = this.#buffer.writeFloatLE(value, this.#at);
    return this;
  }

  /** A text with its length before it. */
  string(text: string): this {
    if (text.length > SHORT_CHARS || !this.#tryAscii(text)) {
      const length = Buffer.byteLength(text);
      this.uint32(length);
      this.#reserve(length);
      this.#at += this.#buffer.write(text, this.#at);
    }
    return this;
  }

  /** Bytes with their length before them. */
  bytes(value: Uint8Array): this {
    return this.uint32(value.length).raw(value);
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): this {
    if (value.length >= LARGE_BYTES) {
      this.#large.push({ at: this.#at, bytes: value });
      this.#largeBytes += value.length;
      return this;
    }
    this.#reserve(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** Begins a nested message, or a packed list. */
  fork(): this {
    this.#reserve(1);
    this.#at += 1;
    this.#starts.push({ at: this.#at, largeCount: this.#large.length, largeBytes: this.#largeBytes });
    return this;
  }

  /** Ends it, and says its length before it. */
  ldelim(): this {
    const start = this.#starts.pop();
    if (start === undefined) throw new Error("no nested message was begun");
    const here = this.#at - start.at;
    const length = here + this.#largeBytes - start.largeBytes;
    if (length < 128) {
      this.#buffer[start.at - 1] = length;
      return this;
    }
    const more = length < 1 << 14 ? 1 : length < 1 << 21 ? 2 : length < 1 << 28 ? 3 : 4;
    this.#reserve(more);
    this.#buffer.copyWithin(start.at + more, start.at, this.#at);
    for (const large of this.#large.slice(start.largeCount)) large.at += more;
    this.#at = start.at - 1;
    this.uint32(length);
    this.#at = start.at + more + here;
    return this;
  }

  /** What was written. The writer must not be used again. */
  finish(): Uint8Array {
    const written = this.#large.length === 0 ? Buffer.from(this.#buffer.subarray(0, this.#at)) : this.#join();
    if (spare.length < MOST_SPARE && this.#buffer.length <= MOST_SPARE_BYTES) spare.push(this.#buffer);
    return written;
  }

  #join(): Buffer {
    const pieces: Uint8Array[] = [];
    let from = 0;
    for (const { at, bytes } of this.#large) {
      pieces.push(this.#buffer.subarray(from, at), bytes);
      from = at;
    }
    return Buffer.concat([...pieces, this.#buffer.subarray(from, this.#at)], this.#at + this.#largeBytes);
  }

  /** False, and nothing written, for a text that has other characters too. */
  #tryAscii(text: string): boolean {
    const { length } = text;
    this.#reserve(length + 1);
    const buffer = this.#buffer;
    const at = this.#at + 1;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) return false;
      buffer[at + i] = code;
    }
    buffer[at - 1] = length;
    this.#at = at + length;
    return true;
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}
