import { decodeHuffman } from "./huffman.ts";
import { ConnectionError, ERROR } from "./protocol.ts";
import {
  DEFAULT_TABLE_BYTES,
  ENTRY_OVERHEAD_BYTES,
  STATIC_ENTRIES,
  STATIC_NAMES,
  STATIC_VALUES,
} from "./static-table.ts";

/** What is wrong with a header list that could be read: its stream is refused, the connection lives on. */
export type HeaderFault = "malformed" | "too-large";

const NAME = /^:?[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** RFC 9113 §8.2.1, but for space around a value: gRPC's status texts may end with one. */
const FORBIDDEN = /[\0\r\n]/;
/** Evicted entries stay in front of the list until there are this many strings of them. */
const SLACK = 512;

/** Decodes HPACK header blocks (RFC 7541) of one direction of one connection, in order. */
export class HeaderDecoder {
  readonly #maxListBytes: number;
  /** Dynamic table: name, value, name, value, …, the newest last; live from `#first` on. */
  #table: string[] = [];
  #first = 0;
  #tableBytes = 0;
  #maxTableBytes = DEFAULT_TABLE_BYTES;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #isValid = true;
  /** A malformed field has gone into the table: what is taken from there is looked at, too. */
  #isTainted = false;

  /** Lists above `maxListBytes` (RFC 9113 §10.5.1's count) are read, but not kept. */
  constructor(maxListBytes: number) {
    this.#maxListBytes = maxListBytes;
  }

  /** Name, value, name, value, … in Latin-1, or the fault of the list. Throws ConnectionError where the block can't be read. */
  decode(block: Buffer): string[] | HeaderFault {
    const list: string[] = [];
    let listBytes = 0;
    this.#bytes = block;
    this.#at = 0;
    this.#isValid = true;
    while (this.#at < block.length) {
      const byte = block[this.#at] ?? 0;
      let name: string;
      let value: string;
      if (byte >= 0x80) {
        const index = this.#integer(0x7f);
        name = this.#nameOf(index);
        value = index <= STATIC_ENTRIES ? (STATIC_VALUES[index] ?? "") : (this.#table[this.#slot(index) + 1] ?? "");
      } else if ((byte & 0xe0) === 0x20) {
        if (list.length > 0) throw broken("a table size update follows a field");
        this.#resize(this.#integer(0x1f));
        continue;
      } else {
        const isIndexed = byte >= 0x40;
        const index = this.#integer(isIndexed ? 0x3f : 0x0f);
        name = index === 0 ? this.#newName() : this.#nameOf(index);
        value = this.#string();
        if (FORBIDDEN.test(value)) this.#isValid = false;
        if (isIndexed) this.#insert(name, value);
      }
      if (this.#isTainted && (!NAME.test(name) || FORBIDDEN.test(value))) this.#isValid = false;
      listBytes += name.length + value.length + ENTRY_OVERHEAD_BYTES;
      if (listBytes <= this.#maxListBytes) list.push(name, value);
    }
    this.#bytes = EMPTY;
    if (!this.#isValid) return "malformed";
    return listBytes > this.#maxListBytes ? "too-large" : list;
  }

  #newName(): string {
    const name = this.#string();
    if (!NAME.test(name)) this.#isValid = false;
    return name;
  }

  #nameOf(index: number): string {
    return index <= STATIC_ENTRIES && index > 0 ? (STATIC_NAMES[index] ?? "") : (this.#table[this.#slot(index)] ?? "");
  }

  /** Where a dynamic entry's name stands. */
  #slot(index: number): number {
    const slot = this.#table.length - 2 * (index - STATIC_ENTRIES);
    if (index === 0 || slot < this.#first) throw broken("no such index");
    return slot;
  }

  #integer(mask: number): number {
    let value = (this.#bytes[this.#at] ?? 0) & mask;
    this.#at += 1;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw broken("cut short");
      this.#at += 1;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw broken("too large an integer");
  }

  #string(): string {
    const isHuffman = (this.#bytes[this.#at] ?? 0) >= 0x80;
    const start = this.#integerAfter();
    const text = isHuffman
      ? decodeHuffman(this.#bytes, start, this.#at)
      : this.#bytes.toString("latin1", start, this.#at);
    if (text === undefined) throw broken("not Huffman code");
    return text;
  }

  /** Reads a string's length and steps over the string; where it starts. */
  #integerAfter(): number {
    if (this.#at >= this.#bytes.length) throw broken("cut short");
    const length = this.#integer(0x7f);
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw broken("cut short");
    return start;
  }

  #insert(name: string, value: string): void {
    if (!this.#isValid) this.#isTainted = true;
    this.#tableBytes += name.length + value.length + ENTRY_OVERHEAD_BYTES;
    this.#table.push(name, value);
    this.#evict();
  }

  #resize(bytes: number): void {
    if (bytes > DEFAULT_TABLE_BYTES) throw broken("a larger table than allowed");
    this.#maxTableBytes = bytes;
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#maxTableBytes) {
      const name = this.#table[this.#first] ?? "";
      const value = this.#table[this.#first + 1] ?? "";
      this.#table[this.#first] = this.#table[this.#first + 1] = "";
      this.#tableBytes -= name.length + value.length + ENTRY_OVERHEAD_BYTES;
      this.#first += 2;
    }
    if (this.#first < SLACK) return;
    this.#table = this.#table.slice(this.#first);
    this.#first = 0;
  }
}

const EMPTY = Buffer.alloc(0);

function broken(why: string): ConnectionError {
  return new ConnectionError(ERROR.COMPRESSION_ERROR, `header block: ${why}`);
}
