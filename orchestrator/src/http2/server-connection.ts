import type { Duplex } from "node:stream";
import { writeGoaway, writePing, writeReset, writeWindowUpdate } from "./control-frames.ts";
import { Connection, CONNECTION_WINDOW, MAX_HEADER_LIST_BYTES, STREAM_WINDOW } from "./connection.ts";
import type { HeaderFault } from "./header-decoder.ts";
import { areTrailers, isRequest } from "./request-headers.ts";
import { ConnectionError, DEFAULT_WINDOW, ERROR, MAX_STREAM_ID, SETTING } from "./protocol.ts";
import { resetStream } from "./send.ts";
import { writeSettings } from "./settings.ts";
import { Stream, type StreamEvents } from "./stream.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
const MAX_CONCURRENT_STREAMS = 1024;
/** Resets by the peer: so many at once, and so many more per second. Above that it is a flood. */
const RESET_BURST = 1000;
const RESETS_PER_MS = 0.1;
const DRAIN_PING = Buffer.from("draining");
const IDLE_PING = Buffer.from("graphway");

/**
 * Begins a request's stream; what it returns hears of the rest. `stream.isRemoteClosed` tells that there is no body.
 */
export type OpenStream = (stream: Stream, headers: readonly string[]) => StreamEvents;

/** The server's side of an HTTP/2 connection. */
export class ServerConnection extends Connection {
  readonly #open: OpenStream;
  readonly #onGone: () => void;
  #prefaceBytes = 0;
  #lastId = 0;
  /** Streams above it are refused. */
  #acceptsUpTo = MAX_STREAM_ID;
  #isDraining = false;
  #resets = RESET_BURST;
  #resetsAtMs = performance.now();
  #pingedAtMs: number | undefined;
  /** Bytes of messages that wait to be whole or to be taken, over all streams. */
  heldBytes = 0;

  constructor(socket: Duplex, open: OpenStream, onGone: () => void) {
    super(socket);
    this.#open = open;
    this.#onGone = onGone;
    writeSettings(this.output, [
      [SETTING.MAX_CONCURRENT_STREAMS, MAX_CONCURRENT_STREAMS],
      [SETTING.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
      [SETTING.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES],
    ]);
    writeWindowUpdate(this.output, 0, CONNECTION_WINDOW - DEFAULT_WINDOW);
  }

  /** Lets streams in flight end, refuses new ones, then closes. */
  drain(): void {
    if (this.#isDraining || this.failure !== undefined) return;
    this.#isDraining = true;
    writeGoaway(this.output, MAX_STREAM_ID, ERROR.NO_ERROR);
    // What the peer began before it read that comes before the answer to this.
    writePing(this.output, DRAIN_PING, false);
  }

  /** Asks a silent peer whether it is there; drops it when it has not answered for `timeoutMs`. */
  checkAlive(idleMs: number, timeoutMs: number, nowMs: number): void {
    if (this.#pingedAtMs !== undefined && this.lastReadMs >= this.#pingedAtMs) this.#pingedAtMs = undefined;
    if (this.#pingedAtMs !== undefined) {
      if (nowMs - this.#pingedAtMs >= timeoutMs) this.destroy("the client does not answer");
      return;
    }
    if (nowMs - this.lastReadMs < idleMs) return;
    this.#pingedAtMs = nowMs;
    writePing(this.output, IDLE_PING, false);
  }

  /** What the client still sends is of no interest (RFC 9113 §8.1). */
  override onLocalEnd(stream: Stream): void {
    resetStream(stream, ERROR.NO_ERROR);
  }

  protected override read(chunk: Buffer): void {
    if (this.#prefaceBytes === PREFACE.length) {
      super.read(chunk);
      return;
    }
    const expected = PREFACE.subarray(this.#prefaceBytes, this.#prefaceBytes + chunk.length);
    if (!expected.equals(chunk.subarray(0, expected.length))) {
      this.fail(ERROR.PROTOCOL_ERROR, "not HTTP/2");
      return;
    }
    this.#prefaceBytes += expected.length;
    if (chunk.length > expected.length) super.read(chunk.subarray(expected.length));
  }

  protected override get lastPeerStreamId(): number {
    return this.#lastId;
  }

  protected override isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || streamId > this.#lastId;
  }

  protected override onHeaders(streamId: number, headers: string[] | HeaderFault, isEnd: boolean): void {
    const stream = this.streams.get(streamId);
    if (stream !== undefined) {
      this.#trailers(stream, headers, isEnd);
      return;
    }
    if (streamId % 2 === 0) throw new ConnectionError(ERROR.PROTOCOL_ERROR, "a client's stream has an odd number");
    if (streamId <= this.#lastId) throw new ConnectionError(ERROR.STREAM_CLOSED, "HEADERS on a closed stream");
    this.#lastId = streamId;
    if (streamId > this.#acceptsUpTo || this.streams.size >= MAX_CONCURRENT_STREAMS) {
      writeReset(this.output, streamId, ERROR.REFUSED_STREAM);
    } else if (typeof headers === "string" || !isRequest(headers)) {
      writeReset(this.output, streamId, headers === "too-large" ? ERROR.ENHANCE_YOUR_CALM : ERROR.PROTOCOL_ERROR);
    } else {
      this.#begin(streamId, headers, isEnd);
    }
  }

  #begin(streamId: number, headers: string[], isEnd: boolean): void {
    const stream = new Stream(streamId, this, this.peer.initialWindow, STREAM_WINDOW);
    stream.isRemoteClosed = isEnd;
    this.streams.set(streamId, stream);
    stream.events = this.#open(stream, headers);
  }

  #trailers(stream: Stream, headers: string[] | HeaderFault, isEnd: boolean): void {
    if (stream.isRemoteClosed) throw new ConnectionError(ERROR.STREAM_CLOSED, "HEADERS on a half-closed stream");
    if (!isEnd || typeof headers === "string" || !areTrailers(headers)) {
      throw new ConnectionError(ERROR.PROTOCOL_ERROR, "these are no trailers");
    }
    this.closeRemote(stream);
    stream.events.onHeaders(headers, true);
  }

  protected override onPeerReset(): void {
    const nowMs = performance.now();
    this.#resets = Math.min(RESET_BURST, this.#resets + (nowMs - this.#resetsAtMs) * RESETS_PER_MS) - 1;
    this.#resetsAtMs = nowMs;
    if (this.#resets < 0) throw new ConnectionError(ERROR.ENHANCE_YOUR_CALM, "too many resets");
  }

  protected override onPingAck(payload: Buffer): void {
    if (!this.#isDraining || !payload.equals(DRAIN_PING) || this.#acceptsUpTo !== MAX_STREAM_ID) return;
    this.#acceptsUpTo = this.#lastId;
    writeGoaway(this.output, this.#lastId, ERROR.NO_ERROR);
    this.onStreamClosed();
  }

  protected override onStreamClosed(): void {
    if (this.#acceptsUpTo === MAX_STREAM_ID || this.streams.size > 0 || this.failure !== undefined) return;
    // After what is still to be written.
    setImmediate(() => {
      if (this.streams.size === 0 && !this.socket.writableEnded) this.socket.end();
    });
  }

  protected override onSettings(): void {}

  protected override onGoaway(): void {}

  protected override onEnd(): void {
    this.#onGone();
  }
}
