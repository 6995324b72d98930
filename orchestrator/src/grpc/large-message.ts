import { freeBytes } from "../memory/free-bytes.ts";

const GROWTH = 8;

/** A message that comes in many pieces. Its memory grows as they come, for its length is only what the peer says. */
export class LargeMessage {
  readonly flag: number;
  readonly #length: number;
  /** All of it once `length` bytes have come. */
  body: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(flag: number, length: number) {
    this.flag = flag;
    this.#length = length;
  }

  /** Copies what is the message's of a chunk; returns how much that was. */
  push(chunk: Buffer): number {
    const taken = Math.min(chunk.length, this.#length - this.#at);
    if (this.#at + taken > this.body.length) this.#grow(this.#at + taken);
    this.#at += chunk.copy(this.body, this.#at, 0, taken);
    return taken;
  }

  #grow(least: number): void {
    const before = this.body;
    this.body = Buffer.allocUnsafeSlow(Math.min(this.#length, least * GROWTH));
    before.copy(this.body, 0, 0, this.#at);
    freeBytes(before);
  }
}
