import type { Duplex } from "node:stream";
import { Connection, isOfLength } from "./connection.ts";
import { writeWindowUpdate } from "./control-frames.ts";
import type { HeaderFault } from "./header-decoder.ts";
import { CONNECTION_WINDOW, MAX_HEADER_LIST_BYTES, STREAM_WINDOW } from "./limits.ts";
import { ConnectionError, DEFAULT_WINDOW, ERROR, MAX_STREAM_ID, SETTING, PREFACE } from "./protocol.ts";
import { areTrailers, contentLength, headerOf, isResponse } from "./request-headers.ts";
import { dropStream, sendHeaders } from "./send.ts";
import { writeSettings } from "./settings.ts";
import { Stream, type StreamEvents } from "./stream.ts";

const HTTP1 = "HTTP/1";

/** What the owner of a client's connection wants to hear. */
export interface ClientConnectionEvents {
  /** The server's settings have come, or changed. */
  onSettings(): void;
  /** The server takes no new streams. */
  onGoaway(): void;
  onStreamClosed(): void;
  onEnd(error: Error): void;
}

/** The client's side of an HTTP/2 connection. */
export class ClientConnection extends Connection {
  readonly #owner: ClientConnectionEvents;
  #nextId = 1;

  constructor(socket: Duplex, owner: ClientConnectionEvents) {
    super(socket);
    this.#owner = owner;
    this.output.append(PREFACE);
    writeSettings(this.output, [
      [SETTING.ENABLE_PUSH, 0],
      [SETTING.INITIAL_WINDOW_SIZE, STREAM_WINDOW],
      [SETTING.MAX_HEADER_LIST_SIZE, MAX_HEADER_LIST_BYTES],
    ]);
    writeWindowUpdate(this.output, 0, CONNECTION_WINDOW - DEFAULT_WINDOW);
  }

  /** True while streams can be opened, as far as numbers go. */
  get hasNumbers(): boolean {
    return this.#nextId <= MAX_STREAM_ID;
  }

  /** Opens a stream. Mind `peer.maxConcurrentStreams`: it is the caller's to keep. */
  request(headers: readonly string[], events: StreamEvents, isEnd: boolean): Stream {
    const stream = new Stream(this.#nextId, this, this.peer.initialWindow, STREAM_WINDOW);
    stream.events = events;
    this.#nextId += 2;
    this.streams.add(stream);
    sendHeaders(stream, headers, isEnd);
    return stream;
  }

  override onLocalEnd(): void {}

  protected override read(chunk: Buffer): void {
    // A server that speaks HTTP/1 says so in its first bytes.
    if (!this.hasSettings && this.failure === undefined && chunk.toString("latin1", 0, HTTP1.length) === HTTP1) {
      this.destroy("it speaks HTTP/1, not HTTP/2");
      return;
    }
    super.read(chunk);
  }

  protected override get lastPeerStreamId(): number {
    return 0;
  }

  protected override isIdle(streamId: number): boolean {
    return streamId % 2 === 0 || streamId >= this.#nextId;
  }

  protected override onHeaders(streamId: number, headers: string[] | HeaderFault, isEnd: boolean): void {
    if (this.isIdle(streamId)) throw new ConnectionError(ERROR.PROTOCOL_ERROR, "HEADERS on no stream");
    const stream = this.streams.get(streamId);
    if (stream === undefined || stream.isRemoteClosed) return;
    const isExpected = stream.hasHeaders ? isEnd && isList(headers, areTrailers) : isList(headers, isResponse);
    if (!isExpected || typeof headers === "string") {
      this.failStream(stream, ERROR.PROTOCOL_ERROR);
      return;
    }
    if (!stream.hasHeaders && headerOf(headers, ":status")?.startsWith("1") === true) {
      // Of no interest before the answer itself (RFC 9113 §8.1); 101 and one that ends the stream are malformed.
      if (isEnd || headerOf(headers, ":status") === "101") this.failStream(stream, ERROR.PROTOCOL_ERROR);
      return;
    }
    if (!stream.hasHeaders) {
      stream.hasHeaders = true;
      stream.bodyBytesLeft = isEnd ? undefined : contentLength(headers);
    }
    if (!isOfLength(stream, 0, isEnd)) {
      this.failStream(stream, ERROR.PROTOCOL_ERROR);
      return;
    }
    if (isEnd) this.closeRemote(stream);
    stream.events.onHeaders(headers, isEnd);
  }

  protected override onGoaway(lastStreamId: number): void {
    this.#owner.onGoaway();
    for (const stream of this.streams.all()) {
      if (stream.id <= lastStreamId) continue;
      dropStream(stream);
      stream.events.onReset(ERROR.REFUSED_STREAM, undefined);
    }
  }

  protected override onStreamClosed(): void {
    this.#owner.onStreamClosed();
  }

  protected override onSettings(): void {
    this.#owner.onSettings();
  }

  protected override onPingAck(): void {}

  /** A server that ends many calls early answers for them; it opens none. */
  protected override countReset(): void {}

  protected override onEnd(error: Error): void {
    this.#owner.onEnd(error);
  }
}

function isList(headers: string[] | HeaderFault, matches: (list: readonly string[]) => boolean): boolean {
  return typeof headers !== "string" && matches(headers);
}
