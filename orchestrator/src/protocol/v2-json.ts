import { CallError } from "../execute/call-error.ts";
import type { RestPayload } from "../execute/payload.ts";
import { inflated } from "./inflate.ts";
import { renameKey, type Renaming } from "./json-text/rename-key.ts";
import { JsonTextError } from "./json-text/scan.ts";

const RENAMING: Renaming = { keeps: ["inputs"], renames: [["outputs", "inputs"]] };

/**
 * A node's reply as the next node's input: `outputs` becomes `inputs`, every other byte stays, binary tensors too. The
 * client's request passes untouched. Throws CallError (bad-reply) where a reply has neither.
 */
export function chainJson(payload: RestPayload, maxBytes: number): RestPayload | Promise<RestPayload> {
  if (payload.isReply !== true) return payload;
  const plain = inflated(payload, maxBytes);
  return plain instanceof Promise ? plain.then(chainPlain) : chainPlain(plain);
}

function chainPlain(payload: RestPayload): RestPayload {
  const { json, tail } = splitBinary(payload);
  let renamed: Buffer | undefined;
  try {
    renamed = renameKey(json, RENAMING);
  } catch (error) {
    if (!(error instanceof JsonTextError)) throw error;
  }
  if (renamed === undefined) throw new CallError("bad-reply", NOT_CHAINABLE);
  if (renamed === json) return payload;
  if (tail === undefined) return { ...payload, body: renamed };
  return { ...payload, body: Buffer.concat([renamed, tail]), jsonLength: String(renamed.length) };
}

const NOT_CHAINABLE = "Failed to convert kfserving response so it could be chained to new input";

/** A body's JSON and the binary tensors behind it; those are undefined where no header tells of any. */
export function splitBinary(payload: RestPayload): { readonly json: Buffer; readonly tail: Buffer | undefined } {
  const { body, jsonLength } = payload;
  if (jsonLength === undefined) return { json: body, tail: undefined };
  const length = /^\d{1,15}$/.test(jsonLength) ? Number(jsonLength) : Infinity;
  if (length > body.length) {
    const message = `Inference-Header-Content-Length ${jsonLength} is not within a body of ${body.length} bytes`;
    throw new CallError("bad-reply", message);
  }
  return { json: body.subarray(0, length), tail: body.subarray(length) };
}
