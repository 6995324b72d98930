import * as at from "../vocabulary/table-layout.ts";
import { ROLE_CODES } from "./codes.ts";
import { hashBytes } from "./hashes.ts";
import { joinParts } from "./join-parts.ts";
import type { RouteTable } from "./model.ts";
import { partsOf } from "./parts.ts";
import { RECORD_KINDS } from "./record-kinds.ts";

/** Buckets for a number of deployments: a power of two, at most half full. */
export function bucketCount(deployments: number): number {
  let count = 4;
  while (count < deployments * 2) count *= 2;
  return count;
}

function bucketsOf(hashes: readonly number[]): Uint8Array {
  const mask = bucketCount(hashes.length) - 1;
  const bytes = new Uint8Array((mask + 1) * 4);
  const view = new DataView(bytes.buffer);
  hashes.forEach((hash, index) => {
    let bucket = hash & mask;
    while (view.getUint32(bucket * 4, true) !== 0) bucket = (bucket + 1) & mask;
    view.setUint32(bucket * 4, index + 1, true);
  });
  return bytes;
}

const NOTHING = new Uint8Array(0);

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Writes a route table as bytes (proto/schema/route-table.md). The same table gives the same bytes, in whatever order its
 * deployments, predictors and shadows come. The table must keep the limits of the format; who makes one from user input checks
 * them first. Its deployments must not be edited afterwards: next time, parts in which nothing is new are only copied.
 */
export function encodeRouteTable(table: RouteTable): Uint8Array {
  const deployments = [...table.deployments].sort((a, b) => compare(a.key, b.key));
  const parts = partsOf(deployments);
  const buckets = bucketsOf(parts.flatMap(({ hashes }) => hashes));
  const { areas, strings } = joinParts(parts);
  const bytes = new Uint8Array([buckets, ...areas, strings].reduce((sum, area) => sum + area.length, at.HEADER_BYTES));
  const view = new DataView(bytes.buffer);
  let start = at.HEADER_BYTES;
  const place = (area: Uint8Array, startField: number): void => {
    bytes.set(area, start);
    view.setUint32(startField, start, true);
    start += area.length;
  };
  place(buckets, at.AT_BUCKETS);
  view.setUint32(at.AT_BUCKET_MASK, buckets.length / 4 - 1, true);
  RECORD_KINDS.forEach(({ bytesEach, startField, countField }, kind) => {
    const area = areas[kind] ?? NOTHING;
    place(area, startField);
    view.setUint32(countField, area.length / bytesEach, true);
  });
  place(strings, at.AT_STRINGS);
  view.setUint32(at.AT_STRINGS_BYTES, strings.length, true);
  writeIdentity(bytes, view, table);
  return bytes;
}

function writeIdentity(bytes: Uint8Array, view: DataView, table: RouteTable): void {
  view.setUint32(at.AT_MAGIC, at.TABLE_MAGIC, true);
  view.setUint16(at.AT_VERSION, at.TABLE_VERSION, true);
  view.setUint8(at.AT_ROLE, ROLE_CODES[table.role]);
  view.setUint8(at.AT_FLAGS, table.peersOnly === true ? at.FLAG_PEERS_ONLY : 0);
  view.setUint32(at.AT_TOTAL, bytes.length, true);
  view.setBigUint64(at.AT_GENERATION, table.generation, true);
  view.setUint32(at.AT_CONTENT_HASH, hashBytes(bytes.subarray(at.HEADER_BYTES), 0), true);
}

/** The same table under another number. */
export function withGeneration(table: Uint8Array, generation: bigint): Uint8Array {
  const bytes = Uint8Array.from(table);
  new DataView(bytes.buffer).setBigUint64(at.AT_GENERATION, generation, true);
  return bytes;
}
