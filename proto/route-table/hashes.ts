import { hashEnd, hashTail, hashWord } from "../vocabulary/hash.ts";

/** MurmurHash3 (x86, 32 bits) of bytes. */
export function hashBytes(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = seed;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) hash = hashWord(hash, view.getUint32(at, true));
  let tail = 0;
  for (let rest = bytes.length - 1; rest >= at; rest--) tail = tail * 256 + view.getUint8(rest);
  if (at < bytes.length) hash = hashTail(hash, tail);
  return hashEnd(hash, bytes.length);
}

/** The bytes of a text whose characters are bytes, as header names and values are. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** MurmurHash3 of such a text. */
export function hashText(text: string, seed = 0): number {
  return hashBytes(bytesOf(text), seed);
}

/** What a split or a sample mixes into every key, so that no two of them correlate. */
export interface Seeds {
  readonly a: number;
  readonly b: number;
}

function seedsOf(text: string): Seeds {
  const bytes = bytesOf(text);
  return { a: hashBytes(bytes, 1), b: hashBytes(bytes, 2) };
}

/** The seeds of a predictor in all splits of a deployment; the salt is its key unless it has another. */
export function splitSeeds(salt: string, predictor: string): Seeds {
  return seedsOf(`split/${salt}/${predictor}`);
}

/** The seeds of a shadow's sample. */
export function shadowSeeds(deploymentKey: string, shadow: string): Seeds {
  return seedsOf(`shadow/${deploymentKey}/${shadow}`);
}

/** The seeds of a rule's share. */
export function ruleSeeds(deploymentKey: string, rule: string): Seeds {
  return seedsOf(`rule/${deploymentKey}/${rule}`);
}

/** The highest draw that is still in a share of `percent` (above 0, up to 100). */
export function lastDrawOf(percent: number): number {
  return Math.max(1, Math.round((percent / 100) * 2 ** 32)) - 1;
}

/** The inverse of `lastDrawOf`, to nine decimals. */
export function percentOf(lastDraw: number): number {
  return Number((((lastDraw + 1) / 2 ** 32) * 100).toFixed(9));
}
