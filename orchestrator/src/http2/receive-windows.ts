import { writeWindowUpdate } from "./control-frames.ts";
import { CONNECTION_WINDOW, STREAM_WINDOW } from "./limits.ts";
import type { Output } from "./output.ts";
import { ConnectionError, ERROR } from "./protocol.ts";
import type { Stream } from "./stream.ts";

/** What the peer may still send (RFC 9113 §6.9): on the connection, and on each stream. */
export class ReceiveWindows {
  readonly #output: Output;
  /** What the peer may send on all streams together. */
  connection = CONNECTION_WINDOW;

  constructor(output: Output) {
    this.#output = output;
  }

  /** DATA came, padding included. The connection's bytes are given back at once: what is kept has a limit of its own. */
  takeConnection(bytes: number): void {
    this.connection -= bytes;
    if (this.connection < 0) throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "more DATA than allowed");
    if (this.connection >= CONNECTION_WINDOW / 2) return;
    writeWindowUpdate(this.#output, 0, CONNECTION_WINDOW - this.connection);
    this.connection = CONNECTION_WINDOW;
  }

  takeStream(stream: Stream, bytes: number): void {
    stream.receiveWindow -= bytes;
    if (stream.receiveWindow < 0) throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "more DATA than allowed");
  }

  /** Lets the peer send as many bytes again on a stream. */
  giveBack(stream: Stream, bytes: number): void {
    if (stream.isRemoteClosed) return;
    stream.unreturned += bytes;
    if (stream.unreturned < STREAM_WINDOW / 2) return;
    writeWindowUpdate(this.#output, stream.id, stream.unreturned);
    stream.receiveWindow += stream.unreturned;
    stream.unreturned = 0;
  }
}
