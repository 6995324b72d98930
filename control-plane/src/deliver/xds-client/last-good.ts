import { createHash } from "node:crypto";
import { open, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { envoy } from "#proto/gen/discovery.js";
import type { EncodedResource } from "../../render/xds/resource.ts";

const { DeltaDiscoveryResponse } = envoy.service.discovery.v3;

/** What such a file begins with: its format, and the SHA-256 of what follows. */
const FORMAT = Buffer.from("graphway-last-good-1\n");
const HASH_BYTES = 32;

/** Why a file can't be used; the message says which and what is wrong with it. */
export class LastGoodError extends Error {
  override readonly name = "LastGoodError";
}

/** Writes resources so that a reader finds either these or the ones before, whatever happens meanwhile. */
export async function writeLastGood(path: string, resources: readonly EncodedResource[]): Promise<void> {
  const body = DeltaDiscoveryResponse.encode({
    resources: resources.map(({ typeUrl, name, version, bytes }) => ({
      name,
      version,
      resource: { type_url: typeUrl, value: bytes },
    })),
  }).finish();
  const made = `${path}.new`;
  // Certificates' keys are in it.
  await writeFile(made, Buffer.concat([FORMAT, sha256(body), body]), { mode: 0o600, flush: true });
  await rename(made, path);
  await keepNames(dirname(path));
}

/** Without it the machine may have the old name, or none, after it lost its power. */
async function keepNames(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The resources that were written last; none when there is no file. Throws LastGoodError for a file that is damaged. */
export async function readLastGood(path: string): Promise<readonly EncodedResource[]> {
  const content = await readOrNothing(path);
  if (content === undefined) return [];
  const body = content.subarray(FORMAT.length + HASH_BYTES);
  if (!content.subarray(0, FORMAT.length).equals(FORMAT)) throw new LastGoodError(`${path} has another format`);
  if (!content.subarray(FORMAT.length, FORMAT.length + HASH_BYTES).equals(sha256(body)))
    throw new LastGoodError(`${path} is damaged`);
  return DeltaDiscoveryResponse.decode(body).resources.map(({ name, version, resource }) => ({
    typeUrl: resource?.type_url ?? "",
    name: name ?? "",
    version: version ?? "",
    bytes: Uint8Array.from(resource?.value ?? []),
  }));
}

async function readOrNothing(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
