import { keepBytes } from "../memory/lent-bytes.ts";
import { withoutPadding } from "./control-frames.ts";
import { MAX_BLOCK_BYTES, MAX_CONTINUATIONS } from "./limits.ts";
import { ConnectionError, ERROR, FLAG, PRIORITY_BYTES } from "./protocol.ts";

/** A header block that is whole. */
export interface HeaderBlock {
  readonly streamId: number;
  readonly bytes: Buffer;
  readonly isEnd: boolean;
}

/** Puts HEADERS and the CONTINUATIONs behind them together (RFC 9113 §4.3, §6.10), within bounds (§10.5.1). */
export class HeaderBlocks {
  #streamId = 0;
  #flags = 0;
  #parts: Buffer[] = [];
  #bytes = 0;
  /** performance.now() when the block that is not whole was begun; undefined without one. */
  openSinceMs: number | undefined;

  /** A HEADERS frame; the block when it is all of it. */
  begin(flags: number, streamId: number, payload: Buffer): HeaderBlock | undefined {
    if (streamId === 0) throw new ConnectionError(ERROR.PROTOCOL_ERROR, "HEADERS without a stream");
    const bytes = withoutPadding(payload, flags, (flags & FLAG.PRIORITY) === 0 ? 0 : PRIORITY_BYTES);
    if ((flags & FLAG.END_HEADERS) !== 0) return { streamId, bytes, isEnd: (flags & FLAG.END_STREAM) !== 0 };
    this.openSinceMs = performance.now();
    this.#streamId = streamId;
    this.#flags = flags;
    this.#parts = [keepBytes(bytes)];
    this.#bytes = bytes.length;
    return undefined;
  }

  /** A CONTINUATION frame; the block when it is the last. */
  add(flags: number, streamId: number, payload: Buffer): HeaderBlock | undefined {
    if (this.openSinceMs === undefined || streamId !== this.#streamId) {
      throw new ConnectionError(ERROR.PROTOCOL_ERROR, "CONTINUATION of nothing");
    }
    this.#parts.push(keepBytes(payload));
    this.#bytes += payload.length;
    if (this.#bytes > MAX_BLOCK_BYTES || this.#parts.length > MAX_CONTINUATIONS) {
      throw new ConnectionError(ERROR.ENHANCE_YOUR_CALM, "too long a header block");
    }
    if ((flags & FLAG.END_HEADERS) === 0) return undefined;
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.openSinceMs = undefined;
    return { streamId, bytes, isEnd: (this.#flags & FLAG.END_STREAM) !== 0 };
  }
}
