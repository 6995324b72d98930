import { CallError } from "../execute/call-error.ts";

/** A flag and the length, before each message. */
export const PREFIX_BYTES = 5;

/** One gRPC message as it travels: a flag byte (0: not compressed), four bytes of length, the message. */
export function frameMessage(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  message.copy(framed, PREFIX_BYTES);
  return framed;
}

/** The one message of a unary answer. None, several, compressed or cut short is a CallError (bad-reply). */
export function unframeMessage(chunks: readonly Buffer[], length: number): Buffer {
  const [only] = chunks;
  const bytes = chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
  if (bytes.length < PREFIX_BYTES) throw new CallError("bad-reply", "the answer has no message");
  if (bytes[0] !== 0) throw new CallError("bad-reply", "the answer is compressed, which was not asked for");
  if (bytes.readUInt32BE(1) !== bytes.length - PREFIX_BYTES) {
    throw new CallError("bad-reply", "the answer is not exactly one whole message");
  }
  return bytes.subarray(PREFIX_BYTES);
}
