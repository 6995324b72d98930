import { gunzip, inflate, type InputType, type ZlibOptions } from "node:zlib";
import { CallError, GRPC, nodeGrpcError } from "../../execute/call-error.ts";
import type { RawMessage } from "../../grpc/message-reader.ts";

/** What clients may compress with, for `grpc-accept-encoding`. */
export const ACCEPTED_ENCODINGS = "identity,deflate,gzip";

type Inflate = (input: InputType, options: ZlibOptions, done: (error: Error | null, plain: Buffer) => void) => void;

const INFLATE: ReadonlyMap<string, Inflate> = new Map<string, Inflate>([
  ["gzip", gunzip],
  ["deflate", inflate],
]);

export function isKnownEncoding(encoding: string): boolean {
  return encoding === "" || encoding === "identity" || INFLATE.has(encoding);
}

/** A message as it was before compression. Rejects with CallError where it is none, or grows above `maxBytes`. */
export function plainMessage(message: RawMessage, encoding: string, maxBytes: number): Buffer | Promise<Buffer> {
  if (!message.isCompressed) return message.body;
  const run = INFLATE.get(encoding);
  if (run === undefined) {
    throw nodeGrpcError(GRPC.INTERNAL, "grpc: compressed flag set with identity or empty encoding");
  }
  return new Promise((resolve, reject) => {
    run(message.body, { maxOutputLength: Math.max(1, maxBytes) }, (error, plain) => {
      if (error === null) resolve(plain);
      else if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
        reject(new CallError("too-large", `grpc: received message after decompression larger than max (${maxBytes})`));
      } else reject(nodeGrpcError(GRPC.INTERNAL, `grpc: failed to decompress the received message: ${error.message}`));
    });
  });
}

/** Go's words for a message that is larger than allowed. */
export function messageTooLarge(bytes: number, maxBytes: number): CallError {
  return new CallError("too-large", `grpc: received message larger than max (${bytes} vs. ${maxBytes})`);
}

/** The same for an answer. */
export function answerTooLarge(bytes: number, maxBytes: number): CallError {
  return new CallError("too-large", `grpc: trying to send message larger than max (${bytes} vs. ${maxBytes})`);
}
