import { sendData, sendHeaders } from "../../http2/send.ts";
import type { Stream, StreamEvents } from "../../http2/stream.ts";

/** Of a request that is no gRPC so much is read before it is answered. */
const MAX_READ_BYTES = 16_384;
const NO_BYTES = Buffer.alloc(0);

/**
 * A request that is no gRPC: it is answered in HTTP's words once it has ended, so that what is wrong with its frames
 * is said first (RFC 9113 §8.1.1), or once it has become long.
 */
export class RefusedCall implements StreamEvents {
  readonly #stream: Stream;
  readonly #headers: readonly string[];
  readonly #text: Buffer;
  #bytes = 0;

  /** `text` is the answer's body; empty for none. */
  constructor(stream: Stream, headers: readonly string[], text: string) {
    this.#stream = stream;
    this.#headers = headers;
    this.#text = Buffer.from(text);
    if (stream.isRemoteClosed) this.#answer();
  }

  onHeaders(): void {
    this.#answer();
  }

  onData(chunk: Buffer, isEnd: boolean): void {
    this.#bytes += chunk.length;
    if (isEnd || this.#bytes > MAX_READ_BYTES) this.#answer();
  }

  onReset(): void {}

  onDrain(): void {}

  #answer(): void {
    if (this.#stream.isLocalClosed || this.#stream.pending.length > 0) return;
    sendHeaders(this.#stream, this.#headers, this.#text.length === 0);
    sendData(this.#stream, this.#text, NO_BYTES, true);
  }
}
