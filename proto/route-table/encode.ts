import * as at from "../vocabulary/table-layout.ts";
import { ROLE_CODES } from "./codes.ts";
import { hashBytes, hashText } from "./hashes.ts";
import type { RouteTable } from "./model.ts";
import { TableWriter } from "./table-writer.ts";

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

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Where the header says where an area starts, and how many records or bytes it has. */
type AreaFields = readonly [start: number, count: number | undefined];

/**
 * Writes a route table as bytes (proto/schema/route-table.md). The same table gives the same bytes, in whatever order its
 * deployments, predictors and shadows come. The table must keep the limits of the format; who makes one from user input checks
 * them first.
 */
export function encodeRouteTable(table: RouteTable): Uint8Array {
  const deployments = [...table.deployments].sort((a, b) => compare(a.key, b.key));
  const hashes = deployments.map((one) => hashText(one.key));
  const writer = new TableWriter();
  deployments.forEach((one, index) => {
    writer.writeDeployment(one, hashes[index] ?? 0);
  });
  const buckets = bucketsOf(hashes);
  const strings = writer.strings.bytes;
  const areas: readonly (readonly [AreaFields, Uint8Array, number])[] = [
    [[at.AT_BUCKETS, undefined], buckets, 0],
    [[at.AT_DEPLOYMENTS, at.AT_DEPLOYMENT_COUNT], writer.deployments.bytes, deployments.length],
    [[at.AT_TARGETS, at.AT_TARGET_COUNT], writer.targets.bytes, writer.targets.count],
    [[at.AT_RULES, at.AT_RULE_COUNT], writer.rules.bytes, writer.rules.count],
    [[at.AT_CONDITIONS, at.AT_CONDITION_COUNT], writer.conditions.bytes, writer.conditions.count],
    [[at.AT_SHADOWS, at.AT_SHADOW_COUNT], writer.shadows.bytes, writer.shadows.count],
    [[at.AT_STICKY_KEYS, at.AT_STICKY_KEY_COUNT], writer.stickyKeys.bytes, writer.stickyKeys.count],
    [[at.AT_GRANTS, at.AT_GRANT_COUNT], writer.grants.bytes, writer.grants.count],
    [[at.AT_STRINGS, at.AT_STRINGS_BYTES], strings, strings.length],
  ];
  const bytes = new Uint8Array(areas.reduce((sum, [, area]) => sum + area.length, at.HEADER_BYTES));
  const view = new DataView(bytes.buffer);
  let start = at.HEADER_BYTES;
  for (const [[startField, countField], area, count] of areas) {
    bytes.set(area, start);
    view.setUint32(startField, start, true);
    if (countField !== undefined) view.setUint32(countField, count, true);
    start += area.length;
  }
  view.setUint32(at.AT_BUCKET_MASK, buckets.length / 4 - 1, true);
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
