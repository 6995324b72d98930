import {
  DEFAULT_TABLE_BYTES,
  ENTRY_OVERHEAD_BYTES,
  STATIC_ENTRIES,
  STATIC_NAMES,
  STATIC_VALUES,
} from "./static-table.ts";

/** Fields whose few values come again and again: they go into the peer's table. */
const REPEATED: ReadonlySet<string> = new Set([
  ":path",
  ":authority",
  "te",
  "content-type",
  "user-agent",
  "grpc-status",
  "grpc-accept-encoding",
  "x-graphway-routing",
]);
/** Fields that no hop may keep (RFC 7541 §7.1.3). */
const SECRET: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie"]);
const MAX_INDEXED_VALUE = 256;
/** Bytes that a field can need beside its name and value: first byte and two lengths. */
const FIELD_OVERHEAD_BYTES = 16;

/** Table index by name and value; index of the name alone under the value `undefined`. */
type Indices = ReadonlyMap<string, ReadonlyMap<string | undefined, number>>;

const STATIC: Indices = staticIndices();

/** Encodes HPACK header blocks (RFC 7541) of one direction of one connection, in order. Strings are written plain. */
export class HeaderEncoder {
  /** Place of each entry that we have put into the peer's table: 1 is the first. Never evicted: a full table is left alone. */
  #places = new Map<string, Map<string, number>>();
  #count = 0;
  #tableBytes = 0;
  #maxTableBytes = DEFAULT_TABLE_BYTES;
  #hasToResize = false;
  #at = 0;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  resize(bytes: number): void {
    const next = Math.min(bytes, DEFAULT_TABLE_BYTES);
    if (next === this.#maxTableBytes) return;
    this.#maxTableBytes = next;
    this.#hasToResize = true;
  }

  /** The most that `encode` can write for a list. */
  static maxBytes(list: readonly string[]): number {
    let bytes = FIELD_OVERHEAD_BYTES;
    for (const one of list) bytes += one.length + FIELD_OVERHEAD_BYTES / 2;
    return bytes;
  }

  /** Writes name, value, name, value, … (Latin-1) at `at` in `bytes`; where it ends. */
  encode(list: readonly string[], bytes: Buffer, at: number): number {
    this.#at = at;
    if (this.#hasToResize) this.#writeResize(bytes);
    for (let i = 0; i + 1 < list.length; i += 2) this.#field(list[i] ?? "", list[i + 1] ?? "", bytes);
    return this.#at;
  }

  #field(name: string, value: string, bytes: Buffer): void {
    const known = STATIC.get(name);
    const index = known?.get(value) ?? this.#dynamic(name, value);
    if (index !== undefined) {
      this.#integer(0x80, 0x7f, index, bytes);
      return;
    }
    const nameIndex = known?.get(undefined);
    if (this.#isWorthKeeping(name, value)) {
      this.#keep(name, value);
      this.#integer(0x40, 0x3f, nameIndex ?? 0, bytes);
    } else {
      this.#integer(SECRET.has(name) ? 0x10 : 0, 0x0f, nameIndex ?? 0, bytes);
    }
    if (nameIndex === undefined) this.#string(name, bytes);
    this.#string(value, bytes);
  }

  #dynamic(name: string, value: string): number | undefined {
    const place = this.#places.get(name)?.get(value);
    return place === undefined ? undefined : STATIC_ENTRIES + 1 + this.#count - place;
  }

  #isWorthKeeping(name: string, value: string): boolean {
    const bytes = name.length + value.length + ENTRY_OVERHEAD_BYTES;
    return value.length <= MAX_INDEXED_VALUE && REPEATED.has(name) && this.#tableBytes + bytes <= this.#maxTableBytes;
  }

  #keep(name: string, value: string): void {
    this.#count += 1;
    this.#tableBytes += name.length + value.length + ENTRY_OVERHEAD_BYTES;
    const values = this.#places.get(name) ?? new Map<string, number>();
    this.#places.set(name, values.set(value, this.#count));
  }

  /** Empties the table, then allows it its new size. */
  #writeResize(bytes: Buffer): void {
    this.#hasToResize = false;
    this.#places = new Map();
    this.#count = this.#tableBytes = 0;
    this.#integer(0x20, 0x1f, 0, bytes);
    this.#integer(0x20, 0x1f, this.#maxTableBytes, bytes);
  }

  #integer(flags: number, mask: number, value: number, bytes: Buffer): void {
    if (value < mask) {
      bytes[this.#at] = flags | value;
      this.#at += 1;
      return;
    }
    bytes[this.#at] = flags | mask;
    this.#at += 1;
    let rest = value - mask;
    for (; rest >= 0x80; rest >>>= 7) {
      bytes[this.#at] = (rest & 0x7f) | 0x80;
      this.#at += 1;
    }
    bytes[this.#at] = rest;
    this.#at += 1;
  }

  #string(text: string, bytes: Buffer): void {
    this.#integer(0, 0x7f, text.length, bytes);
    this.#at += bytes.write(text, this.#at, "latin1");
  }
}

function staticIndices(): Indices {
  const indices = new Map<string, Map<string | undefined, number>>();
  STATIC_NAMES.forEach((name, index) => {
    if (index === 0) return;
    const values = indices.get(name) ?? new Map<string | undefined, number>([[undefined, index]]);
    const value = STATIC_VALUES[index] ?? "";
    if (value !== "") values.set(value, index);
    indices.set(name, values);
  });
  return indices;
}
