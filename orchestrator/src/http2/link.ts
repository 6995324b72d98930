import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { giveBack } from "../memory/lent-bytes.ts";
import { Allowance } from "./allowance.ts";
import { writeGoaway } from "./control-frames.ts";
import { FrameReader } from "./frame-reader.ts";
import { HeaderEncoder } from "./header-encoder.ts";
import { LAST_WORD_MS, MAX_IGNORED_STREAMS, MAX_PENDING_OUTPUT, RESETS } from "./limits.ts";
import { Output } from "./output.ts";
import { ConnectionError, DEFAULT_WINDOW, ERROR } from "./protocol.ts";
import { ReceiveWindows } from "./receive-windows.ts";
import { dropStream, pump, resetStream } from "./send.ts";
import type { Stream, StreamHost } from "./stream.ts";
import { StreamTable } from "./stream-table.ts";

/** The life of an HTTP/2 connection over any byte stream: what it reads, what waits to be sent, and how it ends. */
export abstract class Link implements StreamHost {
  readonly socket: Duplex;
  readonly output: Output;
  readonly encoder = new HeaderEncoder();
  readonly streams = new StreamTable();
  readonly blocked = new Set<Stream>();
  sendWindow = DEFAULT_WINDOW;
  unsentBytes = 0;
  pumpedBytes = 0;
  /** Why the connection is over; undefined while it lives. */
  failure: Error | undefined = undefined;
  /** performance.now() of the peer's last bytes. */
  lastReadMs = performance.now();
  readonly #reader: FrameReader;
  /** What the peer may still send. */
  readonly windows: ReceiveWindows;
  readonly #resets = new Allowance(RESETS);
  readonly #ignored = new Set<number>();
  /** The peer has made room since what waits was looked at. */
  protected hasRoom = false;

  constructor(socket: Duplex) {
    this.socket = socket;
    this.output = new Output(socket, () => {
      this.#pumpAll();
    });
    this.windows = new ReceiveWindows(this.output);
    this.#reader = new FrameReader((type, flags, streamId, payload) => {
      this.takeFrame(type, flags, streamId, payload);
    });
    // What a socket reads is ours alone; another stream hands on what may be somebody's.
    const ownsReads = socket instanceof Socket;
    socket.on("data", (chunk: Buffer) => {
      this.read(chunk);
      if (ownsReads) giveBack(chunk);
    });
    socket.on("drain", () => {
      this.#pumpAll();
      if (socket.isPaused()) socket.resume();
    });
    socket.on("error", (error) => {
      this.#end(error);
    });
    socket.on("end", () => {
      this.#end(new Error("the peer closed the connection"));
      socket.end();
    });
    socket.on("close", () => {
      this.#end(new Error("the connection was closed"));
    });
  }

  /** Takes bytes that the peer sent. */
  protected read(chunk: Buffer): void {
    if (this.failure !== undefined) return;
    this.lastReadMs = performance.now();
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (error instanceof ConnectionError) this.fail(error.code, error.message);
      else this.fail(ERROR.INTERNAL_ERROR, String(error));
      return;
    }
    if (this.hasRoom) this.#pumpAll();
    // A peer that sends without reading is not read any further.
    if (this.output.pendingBytes <= MAX_PENDING_OUTPUT) return;
    this.output.flush();
    if (this.socket.writableNeedDrain) this.socket.pause();
  }

  /** Ends the connection and tells the peer that it was at fault. */
  fail(code: number, message: string): void {
    if (this.failure !== undefined) return;
    writeGoaway(this.output, this.lastPeerStreamId, code);
    this.output.flush();
    this.socket.end();
    this.#end(new Error(message));
    setTimeout(() => this.socket.destroy(), LAST_WORD_MS).unref();
  }

  /** Drops the connection and everything on it. */
  destroy(why: string): void {
    this.#end(new Error(why));
    this.socket.destroy();
  }

  forget(stream: Stream): void {
    this.blocked.delete(stream);
    if (this.streams.delete(stream.id)) this.onStreamClosed();
  }

  ignoreRest(streamId: number): void {
    this.#ignored.add(streamId);
    if (this.#ignored.size <= MAX_IGNORED_STREAMS) return;
    for (const oldest of this.#ignored) {
      this.#ignored.delete(oldest);
      return;
    }
  }

  protected isIgnored(streamId: number): boolean {
    return this.#ignored.has(streamId);
  }

  /** The peer has ended the stream, too: what comes on it now is a fault. */
  protected forgetIgnored(streamId: number): void {
    this.#ignored.delete(streamId);
  }

  abstract onLocalEnd(stream: Stream): void;

  /** Lets the peer send as many bytes again on a stream that does not give them back at once. */
  consume(stream: Stream, bytes: number): void {
    if (this.failure === undefined) this.windows.giveBack(stream, bytes);
  }

  /** The peer broke the protocol on one stream (RFC 9113 §5.4.2): the stream ends, and that counts like a reset. */
  protected failStream(stream: Stream, code: number): void {
    resetStream(stream, code);
    stream.events.onReset(code, undefined);
    this.countReset();
  }

  /** One more stream that ends early by the peer's doing (RFC 9113 §10.5; CVE-2023-44487, CVE-2025-8671). */
  protected countReset(): void {
    if (!this.#resets.take(1)) throw new ConnectionError(ERROR.ENHANCE_YOUR_CALM, "too many resets");
  }

  protected abstract readonly lastPeerStreamId: number;
  /** One frame, or a part of DATA. Throws ConnectionError where the peer broke the protocol (RFC 9113 §5.4.1). */
  protected abstract takeFrame(type: number, flags: number, streamId: number, payload: Buffer): void;
  protected abstract onStreamClosed(): void;
  protected abstract onEnd(error: Error): void;

  #end(error: Error): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    for (const stream of this.streams.all()) {
      dropStream(stream);
      stream.events.onReset(ERROR.CANCEL, error);
    }
    this.onEnd(error);
  }

  #pumpAll(): void {
    this.hasRoom = false;
    if (this.blocked.size === 0 || this.output.pendingBytes > MAX_PENDING_OUTPUT) return;
    for (const stream of [...this.blocked]) if (stream.sendWindow > 0) pump(stream);
  }
}
