import type { MethodDefinition } from "@grpc/grpc-js";

/** A method whose messages stay bytes: nothing is read that nobody asks about. */
export function bytesMethod(path: string, responseStream = false): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: false,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
