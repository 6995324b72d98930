import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

/** What a process holds, as Linux tells it. */
export interface Holdings {
  readonly descriptors: number;
  readonly residentBytes: number;
}

const PAGE_BYTES = 4096;

export function holdingsOf(pid: number): Holdings {
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, residentBytes: pages * PAGE_BYTES };
}

/** Waits until a process holds no more descriptors than it may, and checks that its memory has not grown beyond a bound. */
export async function assertReturned(pid: number, before: Holdings, may: Holdings): Promise<void> {
  const endMs = Date.now() + DEADLINE_MS;
  let now = holdingsOf(pid);
  while (now.descriptors > before.descriptors + may.descriptors && Date.now() < endMs) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    now = holdingsOf(pid);
  }
  assert.ok(
    now.descriptors <= before.descriptors + may.descriptors,
    `${now.descriptors} descriptors are open; before there were ${before.descriptors}`,
  );
  const grownBytes = now.residentBytes - before.residentBytes;
  assert.ok(grownBytes <= may.residentBytes, `memory has grown by ${Math.round(grownBytes / 1e6)} MB`);
}

const DEADLINE_MS = 30_000;
