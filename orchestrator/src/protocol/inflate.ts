import { promisify } from "node:util";
import { CallError } from "../execute/call-error.ts";
import type { RestPayload } from "../execute/payload.ts";

/** The payload without its content encoding. Throws CallError where that is unknown, broken or too large. */
export function inflated(payload: RestPayload, maxBytes: number): RestPayload | Promise<RestPayload> {
  const encoding = payload.contentEncoding.trim().toLowerCase();
  if (encoding === "" || encoding === "identity") return payload;
  return inflate(payload, encoding, maxBytes);
}

async function inflate(payload: RestPayload, encoding: string, maxBytes: number): Promise<RestPayload> {
  const zlib = process.getBuiltinModule("node:zlib");
  const methods = {
    gzip: zlib.gunzip,
    "x-gzip": zlib.gunzip,
    deflate: zlib.inflate,
    br: zlib.brotliDecompress,
  };
  const method = Object.hasOwn(methods, encoding) ? methods[encoding as keyof typeof methods] : undefined;
  if (method === undefined) throw new CallError("bad-reply", `a ${encoding} body can't be read here`);
  try {
    const run = promisify<Buffer, { readonly maxOutputLength: number }, Buffer>(method);
    return { ...payload, body: await run(payload.body, { maxOutputLength: maxBytes }), contentEncoding: "" };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CallError("bad-reply", `a ${encoding} body can't be inflated: ${why}`);
  }
}
