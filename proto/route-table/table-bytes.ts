import * as at from "../vocabulary/table-layout.ts";
import { MAX_TABLE_BYTES } from "../vocabulary/limits.ts";
import { hashBytes } from "./hashes.ts";

/** Ends the reading of a table; `decodeRouteTable` turns it into its answer. */
export class Unreadable extends Error {}

/** Ends the reading. */
export function refuse(reason: string): never {
  throw new Unreadable(reason);
}

/** The areas of records: what they are called, where the header says where they are, and the bytes of a record. */
const AREAS = {
  deployments: [at.AT_DEPLOYMENTS, at.AT_DEPLOYMENT_COUNT, at.DEPLOYMENT_BYTES],
  targets: [at.AT_TARGETS, at.AT_TARGET_COUNT, at.TARGET_BYTES],
  rules: [at.AT_RULES, at.AT_RULE_COUNT, at.RULE_BYTES],
  conditions: [at.AT_CONDITIONS, at.AT_CONDITION_COUNT, at.CONDITION_BYTES],
  shadows: [at.AT_SHADOWS, at.AT_SHADOW_COUNT, at.SHADOW_BYTES],
  "sticky keys": [at.AT_STICKY_KEYS, at.AT_STICKY_KEY_COUNT, at.STICKY_KEY_BYTES],
  grants: [at.AT_GRANTS, at.AT_GRANT_COUNT, at.GRANT_BYTES],
} as const;

/** The bytes of a table, read little-endian, whose header and areas have been checked. */
export class TableBytes {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#checkHeader();
    this.#checkAreas();
    this.#checkBuckets();
  }

  u8(offset: number): number {
    return this.#view.getUint8(offset);
  }
  u16(offset: number): number {
    return this.#view.getUint16(offset, true);
  }
  u32(offset: number): number {
    return this.#view.getUint32(offset, true);
  }
  u64(offset: number): bigint {
    return this.#view.getBigUint64(offset, true);
  }

  /** A string whose offset and length stand there. */
  text(offsetAt: number, lengthAt: number): string {
    const offset = this.u32(offsetAt);
    const length = this.u16(lengthAt);
    if (length > at.MAX_TABLE_STRING_BYTES)
      refuse(`string of ${length} bytes, the limit is ${at.MAX_TABLE_STRING_BYTES}`);
    if (offset + length > this.u32(at.AT_STRINGS_BYTES)) refuse(`string at ${offset} is outside the string area`);
    const start = this.u32(at.AT_STRINGS) + offset;
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, length).toString("latin1");
  }

  /** Reads every record of an area. */
  records<T>(area: keyof typeof AREAS, read: (start: number, index: number) => T): readonly T[] {
    const [startAt, countAt, each] = AREAS[area];
    const start = this.u32(startAt);
    return Array.from({ length: this.u32(countAt) }, (_, index) => read(start + index * each, index));
  }

  #checkHeader(): void {
    const total = this.#bytes.length;
    if (total > MAX_TABLE_BYTES) refuse(`${total} bytes, the limit is ${MAX_TABLE_BYTES}`);
    if (total < at.HEADER_BYTES || this.u32(at.AT_MAGIC) !== at.TABLE_MAGIC) refuse("not a route table");
    const version = this.u16(at.AT_VERSION);
    if (version !== at.TABLE_VERSION) refuse(`format version ${version}, this program reads ${at.TABLE_VERSION}`);
    if (this.u32(at.AT_TOTAL) !== total) refuse(`it says ${this.u32(at.AT_TOTAL)} bytes and has ${total}`);
    const role = this.u8(at.AT_ROLE);
    const flags = this.u8(at.AT_FLAGS);
    if (role > at.ROLE_INBOUND) refuse("unknown role");
    if (flags !== 0 && (flags !== at.FLAG_PEERS_ONLY || role !== at.ROLE_INBOUND)) refuse("unknown flags");
    if (hashBytes(this.#bytes.subarray(at.HEADER_BYTES), 0) !== this.u32(at.AT_CONTENT_HASH))
      refuse("content hash does not match");
  }

  #checkAreas(): void {
    const mask = this.u32(at.AT_BUCKET_MASK);
    if (mask === 0xffffffff || (mask & (mask + 1)) !== 0) refuse("the number of buckets is no power of two");
    this.#checkArea("buckets", this.u32(at.AT_BUCKETS), (mask + 1) * 4);
    for (const [name, [startAt, countAt, each]] of Object.entries(AREAS))
      this.#checkArea(name, this.u32(startAt), this.u32(countAt) * each);
    this.#checkArea("strings", this.u32(at.AT_STRINGS), this.u32(at.AT_STRINGS_BYTES));
  }

  #checkArea(name: string, start: number, bytes: number): void {
    if (start < at.HEADER_BYTES || start % 4 !== 0 || start + bytes > this.#bytes.length)
      refuse(`the ${name} are outside the table`);
  }

  #checkBuckets(): void {
    const mask = this.u32(at.AT_BUCKET_MASK);
    const deployments = this.u32(at.AT_DEPLOYMENT_COUNT);
    let used = 0;
    for (let bucket = 0; bucket <= mask; bucket++) {
      const entry = this.u32(this.u32(at.AT_BUCKETS) + bucket * 4);
      if (entry > deployments) refuse(`bucket ${bucket} names deployment ${entry - 1} of ${deployments}`);
      if (entry !== 0) used += 1;
    }
    if (used > mask) refuse("no bucket is empty");
  }
}
