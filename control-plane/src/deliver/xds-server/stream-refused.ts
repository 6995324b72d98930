import type { status } from "@grpc/grpc-js";

/** A reason to end a stream, which its client is told. */
export class StreamRefused extends Error {
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}
