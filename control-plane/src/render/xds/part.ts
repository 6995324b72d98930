import { createHash } from "node:crypto";

/** Bytes that were made before, with a hash of them. */
export class EncodedPart {
  readonly bytes: Uint8Array;
  #digest: Uint8Array | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get digest(): Uint8Array {
    this.#digest ??= createHash("sha256").update(this.bytes).digest();
    return this.#digest;
  }
}
