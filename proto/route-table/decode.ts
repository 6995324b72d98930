import * as at from "../vocabulary/table-layout.ts";
import { MAX_TABLE_BYTES, MAX_WEIGHT } from "../vocabulary/limits.ts";
import { hashBytes, percentOf } from "./hashes.ts";
import type { RouteTable, TableDeployment, TablePredictor, TableRole, TableShadow, TableStickyKey } from "./model.ts";

/** A table, or what is wrong with the bytes. */
export type Decoded =
  { readonly ok: true; readonly table: RouteTable } | { readonly ok: false; readonly reason: string };

const ROLES: readonly TableRole[] = ["gateway", "outbound", "inbound"];
const STICKY_KINDS: readonly (TableStickyKey["kind"] | undefined)[] = [undefined, "header", "cookie", "query"];

/** Ends the reading; never leaves this file. */
class Unreadable extends Error {}

function refuse(reason: string): never {
  throw new Unreadable(reason);
}

/** The bytes of a table with its header's numbers, all areas within bounds. */
class Blob {
  readonly view: DataView;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(offset: number): number {
    return this.view.getUint8(offset);
  }
  u16(offset: number): number {
    return this.view.getUint16(offset, true);
  }
  u32(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  text(offsetAt: number, lengthAt: number): string {
    const offset = this.u32(offsetAt);
    const length = this.u16(lengthAt);
    if (length > at.MAX_TABLE_STRING_BYTES)
      refuse(`string of ${length} bytes, the limit is ${at.MAX_TABLE_STRING_BYTES}`);
    if (offset + length > this.u32(at.AT_STRINGS_BYTES)) refuse(`string at ${offset} is outside the string area`);
    const start = this.u32(at.AT_STRINGS) + offset;
    return Buffer.from(this.bytes.subarray(start, start + length)).toString("latin1");
  }
}

function checkArea(blob: Blob, name: string, start: number, bytes: number): void {
  if (start < at.HEADER_BYTES || start % 4 !== 0 || start + bytes > blob.bytes.length)
    refuse(`the ${name} are outside the table`);
}

function checkHeader(blob: Blob): void {
  const { bytes } = blob;
  if (bytes.length > MAX_TABLE_BYTES) refuse(`${bytes.length} bytes, the limit is ${MAX_TABLE_BYTES}`);
  if (bytes.length < at.HEADER_BYTES || blob.u32(at.AT_MAGIC) !== at.TABLE_MAGIC) refuse("not a route table");
  const version = blob.u16(at.AT_VERSION);
  if (version !== at.TABLE_VERSION) refuse(`format version ${version}, this program reads ${at.TABLE_VERSION}`);
  if (blob.u32(at.AT_TOTAL) !== bytes.length) refuse(`it says ${blob.u32(at.AT_TOTAL)} bytes and has ${bytes.length}`);
  if (blob.u8(at.AT_FLAGS) !== 0) refuse("unknown flags");
  if (blob.u8(at.AT_ROLE) >= ROLES.length) refuse("unknown role");
  if (hashBytes(bytes.subarray(at.HEADER_BYTES), 0) !== blob.u32(at.AT_CONTENT_HASH))
    refuse("content hash does not match");
}

function checkAreas(blob: Blob): void {
  const mask = blob.u32(at.AT_BUCKET_MASK);
  const deployments = blob.u32(at.AT_DEPLOYMENT_COUNT);
  if (mask === 0xffffffff || (mask & (mask + 1)) !== 0) refuse("the number of buckets is no power of two");
  checkArea(blob, "buckets", blob.u32(at.AT_BUCKETS), (mask + 1) * 4);
  checkArea(blob, "deployments", blob.u32(at.AT_DEPLOYMENTS), deployments * at.DEPLOYMENT_BYTES);
  checkArea(blob, "targets", blob.u32(at.AT_TARGETS), blob.u32(at.AT_TARGET_COUNT) * at.TARGET_BYTES);
  checkArea(blob, "strings", blob.u32(at.AT_STRINGS), blob.u32(at.AT_STRINGS_BYTES));
  let used = 0;
  for (let bucket = 0; bucket <= mask; bucket++) {
    const entry = blob.u32(blob.u32(at.AT_BUCKETS) + bucket * 4);
    if (entry > deployments) refuse(`bucket ${bucket} names deployment ${entry - 1} of ${deployments}`);
    if (entry !== 0) used += 1;
  }
  if (used > mask) refuse("no bucket is empty");
}

function readTarget(
  blob: Blob,
  index: number,
): { name: string; httpCluster: string; grpcCluster: string; share: number } {
  const start = blob.u32(at.AT_TARGETS) + index * at.TARGET_BYTES;
  if (blob.u16(start + at.TARGET_RESERVED) !== 0) refuse(`target ${index} has unknown fields`);
  return {
    name: blob.text(start + at.TARGET_NAME, start + at.TARGET_NAME_LENGTH),
    httpCluster: blob.text(start + at.TARGET_HTTP, start + at.TARGET_HTTP_LENGTH),
    grpcCluster: blob.text(start + at.TARGET_GRPC, start + at.TARGET_GRPC_LENGTH),
    share: blob.u32(start + at.TARGET_SHARE),
  };
}

function readPredictors(blob: Blob, first: number, count: number): readonly TablePredictor[] {
  const predictors = Array.from({ length: count }, (_, index) => {
    const { name, httpCluster, grpcCluster, share } = readTarget(blob, first + index);
    if (share > MAX_WEIGHT) refuse(`predictor ${name} weighs ${share}, the limit is ${MAX_WEIGHT}`);
    return { name, weight: share, httpCluster, grpcCluster };
  });
  if (!predictors.some((one) => one.weight > 0)) refuse("a deployment without a predictor of positive weight");
  return predictors;
}

function readShadows(blob: Blob, first: number, count: number): readonly TableShadow[] {
  return Array.from({ length: count }, (_, index) => {
    const { name, httpCluster, grpcCluster, share } = readTarget(blob, first + index);
    return { name, percent: percentOf(share), httpCluster, grpcCluster };
  });
}

function readSticky(blob: Blob, start: number): TableStickyKey | undefined {
  const kind = blob.u8(start + at.DEPLOYMENT_STICKY_KIND);
  if (kind >= STICKY_KINDS.length) refuse(`unknown kind ${kind} of sticky key`);
  const name = blob.text(start + at.DEPLOYMENT_STICKY, start + at.DEPLOYMENT_STICKY_LENGTH);
  const known = STICKY_KINDS[kind];
  return known === undefined ? undefined : { kind: known, name };
}

function readDeployment(blob: Blob, index: number): TableDeployment {
  const start = blob.u32(at.AT_DEPLOYMENTS) + index * at.DEPLOYMENT_BYTES;
  const first = blob.u32(start + at.DEPLOYMENT_FIRST_TARGET);
  const predictors = blob.u16(start + at.DEPLOYMENT_PREDICTORS);
  const shadows = blob.u16(start + at.DEPLOYMENT_SHADOWS);
  if (Math.max(predictors, shadows) > at.MAX_TARGETS_PER_DEPLOYMENT) refuse(`deployment ${index} has too many targets`);
  if (first + predictors + shadows > blob.u32(at.AT_TARGET_COUNT))
    refuse(`deployment ${index} has targets outside the table`);
  const permits = blob.u8(start + at.DEPLOYMENT_PERMITS);
  if (permits > (at.PERMIT_FORCE | at.PERMIT_EXPLAIN)) refuse(`deployment ${index} has unknown permits`);
  if (blob.u16(start + at.DEPLOYMENT_RESERVED) !== 0 || blob.u32(start + at.DEPLOYMENT_RESERVED + 2) !== 0)
    refuse(`deployment ${index} has unknown fields`);
  const stickyKey = readSticky(blob, start);
  return {
    key: blob.text(start + at.DEPLOYMENT_KEY, start + at.DEPLOYMENT_KEY_LENGTH),
    permits: { force: (permits & at.PERMIT_FORCE) !== 0, explain: (permits & at.PERMIT_EXPLAIN) !== 0 },
    ...(stickyKey === undefined ? {} : { stickyKey }),
    predictors: readPredictors(blob, first, predictors),
    shadows: readShadows(blob, first + predictors, shadows),
  };
}

/** Reads the bytes of a route table, as strictly as the filter does. */
export function decodeRouteTable(bytes: Uint8Array): Decoded {
  const blob = new Blob(bytes);
  try {
    checkHeader(blob);
    checkAreas(blob);
    const deployments = Array.from({ length: blob.u32(at.AT_DEPLOYMENT_COUNT) }, (_, index) =>
      readDeployment(blob, index),
    );
    const role = ROLES[blob.u8(at.AT_ROLE)] ?? "gateway";
    return { ok: true, table: { role, generation: blob.view.getBigUint64(at.AT_GENERATION, true), deployments } };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, reason: error.message };
    throw error;
  }
}
