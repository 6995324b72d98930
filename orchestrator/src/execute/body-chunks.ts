import type { RestPayload } from "./payload.ts";

const CHUNKS = new WeakMap<RestPayload, readonly Buffer[]>();

/**
 * A payload whose body came in pieces. They are joined only for whoever reads `body`: handing on a large body as it came
 * costs half of what joining it first does. A payload made from this one by spreading has a joined body.
 */
export function payloadOf(fields: Omit<RestPayload, "body">, chunks: readonly Buffer[]): RestPayload {
  const [only] = chunks;
  if (chunks.length <= 1) return { ...fields, body: only ?? EMPTY };
  let joined: Buffer | undefined;
  const payload: RestPayload = {
    ...fields,
    get body() {
      return (joined ??= Buffer.concat(chunks));
    },
  };
  CHUNKS.set(payload, chunks);
  return payload;
}

/** The body in the pieces it came in, or in one. */
export function chunksOf(payload: RestPayload): readonly Buffer[] {
  return CHUNKS.get(payload) ?? [payload.body];
}

/** Bytes of all pieces together. */
export function lengthOf(chunks: readonly Buffer[]): number {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  return length;
}

const EMPTY = Buffer.alloc(0);
