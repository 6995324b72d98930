import * as at from "../vocabulary/table-layout.ts";
import { bytesOf, hashBytes, hashText, lastDrawOf, seedsOf } from "./hashes.ts";
import type { RouteTable, TableDeployment, TablePredictor, TableRole, TableShadow, TableStickyKey } from "./model.ts";

const ROLES: Readonly<Record<TableRole, number>> = {
  gateway: at.ROLE_GATEWAY,
  outbound: at.ROLE_OUTBOUND,
  inbound: at.ROLE_INBOUND,
};
const STICKY_KINDS: Readonly<Record<TableStickyKey["kind"], number>> = {
  header: at.STICKY_HEADER,
  cookie: at.STICKY_COOKIE,
  query: at.STICKY_QUERY,
};

/** The strings of a table, each stored once. Offsets count from the start of the string area. */
class Strings {
  readonly #offsets = new Map<string, number>();
  #length = 0;

  add(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.#length;
    this.#offsets.set(text, offset);
    this.#length += text.length;
    return offset;
  }

  get length(): number {
    return this.#length;
  }

  writeTo(bytes: Uint8Array, start: number): void {
    for (const [text, offset] of this.#offsets) bytes.set(bytesOf(text), start + offset);
  }
}

/** Buckets for a number of deployments: a power of two, at most half full. */
export function bucketCount(deployments: number): number {
  let count = 4;
  while (count < deployments * 2) count *= 2;
  return count;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byName<T extends { readonly name: string }>(list: readonly T[]): readonly T[] {
  return [...list].sort((a, b) => compare(a.name, b.name));
}

function writeBuckets(view: DataView, start: number, mask: number, hashes: readonly number[]): void {
  hashes.forEach((hash, index) => {
    let bucket = hash & mask;
    while (view.getUint32(start + bucket * 4, true) !== 0) bucket = (bucket + 1) & mask;
    view.setUint32(start + bucket * 4, index + 1, true);
  });
}

function writeTarget(
  view: DataView,
  start: number,
  strings: Strings,
  deployment: string,
  target: TablePredictor | TableShadow,
): void {
  const seeds = seedsOf("weight" in target ? "split" : "shadow", deployment, target.name);
  view.setUint32(start + at.TARGET_NAME, strings.add(target.name), true);
  view.setUint16(start + at.TARGET_NAME_LENGTH, target.name.length, true);
  view.setUint32(start + at.TARGET_SHARE, "weight" in target ? target.weight : lastDrawOf(target.percent), true);
  view.setUint32(start + at.TARGET_SEED_A, seeds.a, true);
  view.setUint32(start + at.TARGET_SEED_B, seeds.b, true);
  view.setUint32(start + at.TARGET_HTTP, strings.add(target.httpCluster), true);
  view.setUint16(start + at.TARGET_HTTP_LENGTH, target.httpCluster.length, true);
  view.setUint32(start + at.TARGET_GRPC, strings.add(target.grpcCluster), true);
  view.setUint16(start + at.TARGET_GRPC_LENGTH, target.grpcCluster.length, true);
}

function writeDeployment(
  view: DataView,
  start: number,
  strings: Strings,
  deployment: TableDeployment,
  hash: number,
  firstTarget: number,
): void {
  const { key, permits, stickyKey, predictors, shadows } = deployment;
  view.setUint32(start + at.DEPLOYMENT_KEY, strings.add(key), true);
  view.setUint16(start + at.DEPLOYMENT_KEY_LENGTH, key.length, true);
  view.setUint8(
    start + at.DEPLOYMENT_PERMITS,
    (permits.force ? at.PERMIT_FORCE : 0) | (permits.explain ? at.PERMIT_EXPLAIN : 0),
  );
  view.setUint8(
    start + at.DEPLOYMENT_STICKY_KIND,
    stickyKey === undefined ? at.STICKY_NONE : STICKY_KINDS[stickyKey.kind],
  );
  view.setUint32(start + at.DEPLOYMENT_HASH, hash, true);
  view.setUint32(start + at.DEPLOYMENT_FIRST_TARGET, firstTarget, true);
  view.setUint16(start + at.DEPLOYMENT_PREDICTORS, predictors.length, true);
  view.setUint16(start + at.DEPLOYMENT_SHADOWS, shadows.length, true);
  view.setUint32(start + at.DEPLOYMENT_STICKY, strings.add(stickyKey?.name ?? ""), true);
  view.setUint16(start + at.DEPLOYMENT_STICKY_LENGTH, stickyKey?.name.length ?? 0, true);
}

/** Where each area of a table starts. */
interface Areas {
  readonly buckets: number;
  readonly deployments: number;
  readonly targets: number;
  readonly strings: number;
}

function areasOf(deployments: readonly TableDeployment[], mask: number, targetCount: number): Areas {
  const buckets = at.HEADER_BYTES;
  const records = buckets + (mask + 1) * 4;
  const targets = records + deployments.length * at.DEPLOYMENT_BYTES;
  return { buckets, deployments: records, targets, strings: targets + targetCount * at.TARGET_BYTES };
}

function writeHeader(
  bytes: Uint8Array,
  view: DataView,
  table: RouteTable,
  areas: Areas,
  mask: number,
  targetCount: number,
): void {
  view.setUint32(at.AT_MAGIC, at.TABLE_MAGIC, true);
  view.setUint16(at.AT_VERSION, at.TABLE_VERSION, true);
  view.setUint8(at.AT_ROLE, ROLES[table.role]);
  view.setUint32(at.AT_TOTAL, bytes.length, true);
  view.setBigUint64(at.AT_GENERATION, table.generation, true);
  view.setUint32(at.AT_DEPLOYMENT_COUNT, table.deployments.length, true);
  view.setUint32(at.AT_BUCKET_MASK, mask, true);
  view.setUint32(at.AT_BUCKETS, areas.buckets, true);
  view.setUint32(at.AT_DEPLOYMENTS, areas.deployments, true);
  view.setUint32(at.AT_TARGETS, areas.targets, true);
  view.setUint32(at.AT_TARGET_COUNT, targetCount, true);
  view.setUint32(at.AT_STRINGS, areas.strings, true);
  view.setUint32(at.AT_STRINGS_BYTES, bytes.length - areas.strings, true);
  view.setUint32(at.AT_CONTENT_HASH, hashBytes(bytes.subarray(at.HEADER_BYTES), 0), true);
}

/**
 * Writes a route table as bytes (proto/schema/route-table.md). The same table gives the same bytes, in whatever order its parts come.
 * The table must keep the limits of the format; who makes one from user input checks them first.
 */
export function encodeRouteTable(table: RouteTable): Uint8Array {
  const deployments = [...table.deployments].sort((a, b) => compare(a.key, b.key));
  const targetCount = deployments.reduce((sum, one) => sum + one.predictors.length + one.shadows.length, 0);
  const mask = bucketCount(deployments.length) - 1;
  const areas = areasOf(deployments, mask, targetCount);
  const strings = new Strings();
  const records = new DataView(new ArrayBuffer(areas.strings));
  const hashes = deployments.map((one) => hashText(one.key));
  let target = 0;
  deployments.forEach((deployment, index) => {
    writeDeployment(
      records,
      areas.deployments + index * at.DEPLOYMENT_BYTES,
      strings,
      deployment,
      hashes[index] ?? 0,
      target,
    );
    for (const one of [...byName(deployment.predictors), ...byName(deployment.shadows)]) {
      writeTarget(records, areas.targets + target * at.TARGET_BYTES, strings, deployment.key, one);
      target += 1;
    }
  });
  writeBuckets(records, areas.buckets, mask, hashes);
  const bytes = new Uint8Array(areas.strings + strings.length);
  bytes.set(new Uint8Array(records.buffer));
  strings.writeTo(bytes, areas.strings);
  writeHeader(bytes, new DataView(bytes.buffer), table, areas, mask, targetCount);
  return bytes;
}
