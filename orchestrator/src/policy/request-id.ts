import { randomUUID } from "node:crypto";

const MAX_PUID_BYTES = 256;

/** A request's id (Seldon's `puid`): the client's where it sent a usable one, else a new one. */
export function puidOf(given: unknown): string {
  const isUsable = typeof given === "string" && given !== "" && given.length <= MAX_PUID_BYTES;
  return isUsable ? given : randomUUID();
}
