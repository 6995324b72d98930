import type { Duplex } from "node:stream";
import { writeGoaway, writePing, writeReset, writeWindowUpdate } from "./control-frames.ts";
import { Connection, isOfLength } from "./connection.ts";
import type { HeaderFault } from "./header-decoder.ts";
import {
  CONNECTION_WINDOW,
  HANDSHAKE_MS,
  MAX_CONCURRENT_STREAMS,
  MAX_HEADER_LIST_BYTES,
  STALL_MS,
  STREAM_WINDOW,
} from "./limits.ts";
import { areTrailers, contentLength, isRequest } from "./request-headers.ts";
import { ConnectionError, DEFAULT_WINDOW, ERROR, MAX_STREAM_ID, SETTING, PREFACE } from "./protocol.ts";
import { resetStream } from "./send.ts";
import { writeSettings } from "./settings.ts";
import { Stream, type StreamEvents } from "./stream.ts";

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
  readonly #openedMs = performance.now();
  #stalledSinceMs = 0;
  #pumpedThen = 0;
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

  /**
   * Asks a peer that has been silent for `idleMs` whether it is there, and drops it when it has not answered for
   * `timeoutMs`; and one that never finishes what it begins, or takes nothing of its answers. Call it now and then.
   */
  checkAlive(idleMs: number, timeoutMs: number, nowMs: number): void {
    if (this.#isTooSlow(nowMs)) {
      this.fail(ERROR.ENHANCE_YOUR_CALM, "the client is too slow");
      return;
    }
    if (this.#pingedAtMs !== undefined && this.lastReadMs >= this.#pingedAtMs) this.#pingedAtMs = undefined;
    if (this.#pingedAtMs !== undefined) {
      if (nowMs - this.#pingedAtMs >= timeoutMs) this.destroy("the client does not answer");
      return;
    }
    if (nowMs - this.lastReadMs < idleMs) return;
    this.#pingedAtMs = nowMs;
    writePing(this.output, IDLE_PING, false);
  }

  #isTooSlow(nowMs: number): boolean {
    const begunMs = this.hasSettings ? this.blocks.openSinceMs : this.#openedMs;
    if (begunMs !== undefined && nowMs - begunMs >= HANDSHAKE_MS) return true;
    if (this.unsentBytes === 0 || this.pumpedBytes !== this.#pumpedThen) {
      this.#pumpedThen = this.pumpedBytes;
      this.#stalledSinceMs = nowMs;
    }
    return nowMs - this.#stalledSinceMs >= STALL_MS;
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
    if (this.isIgnored(streamId)) return;
    if (streamId <= this.#lastId) throw new ConnectionError(ERROR.STREAM_CLOSED, "HEADERS on a closed stream");
    this.#lastId = streamId;
    if (streamId > this.#acceptsUpTo || this.streams.size >= MAX_CONCURRENT_STREAMS) {
      this.#refuse(streamId, ERROR.REFUSED_STREAM, isEnd);
    } else if (typeof headers === "string" || !isRequest(headers)) {
      this.#refuse(streamId, headers === "too-large" ? ERROR.ENHANCE_YOUR_CALM : ERROR.PROTOCOL_ERROR, isEnd);
    } else {
      this.#begin(streamId, headers, isEnd);
    }
  }

  #refuse(streamId: number, code: number, isEnd: boolean): void {
    writeReset(this.output, streamId, code);
    if (!isEnd) this.ignoreRest(streamId);
  }

  #begin(streamId: number, headers: string[], isEnd: boolean): void {
    const stream = new Stream(streamId, this, this.peer.initialWindow, STREAM_WINDOW);
    stream.hasHeaders = true;
    stream.isRemoteClosed = isEnd;
    stream.bodyBytesLeft = contentLength(headers);
    if (!isOfLength(stream, 0, isEnd)) {
      this.#refuse(streamId, ERROR.PROTOCOL_ERROR, isEnd);
      return;
    }
    this.streams.add(stream);
    stream.events = this.#open(stream, headers);
  }

  #trailers(stream: Stream, headers: string[] | HeaderFault, isEnd: boolean): void {
    if (stream.isRemoteClosed) {
      this.failStream(stream, ERROR.STREAM_CLOSED);
      return;
    }
    if (!isEnd || typeof headers === "string" || !areTrailers(headers) || !isOfLength(stream, 0, isEnd)) {
      this.failStream(stream, ERROR.PROTOCOL_ERROR);
      return;
    }
    this.closeRemote(stream);
    stream.events.onHeaders(headers, true);
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
