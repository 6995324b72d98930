import type { Duplex } from "node:stream";
import { ofLength, withoutPadding, writeGoaway, writePing, writeReset, writeWindowUpdate } from "./control-frames.ts";
import { FrameReader } from "./frame-reader.ts";
import { HeaderDecoder, type HeaderFault } from "./header-decoder.ts";
import { HeaderEncoder } from "./header-encoder.ts";
import { Output } from "./output.ts";
import { ConnectionError, DEFAULT_WINDOW, ERROR, FLAG, FRAME, MAX_WINDOW } from "./protocol.ts";
import { loseStream, MAX_PENDING_OUTPUT, pump } from "./send.ts";
import { DEFAULT_SETTINGS, readSettings, writeSettingsAck, type PeerSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";

/** What the peer may send on one stream, and on all together, before we give bytes back. */
export const STREAM_WINDOW = 4 << 20;
export const CONNECTION_WINDOW = 16 << 20;
/** What one header list may take: encoded, over all its frames; and decoded. */
const MAX_BLOCK_BYTES = 128 << 10;
const MAX_CONTINUATIONS = 64;
export const MAX_HEADER_LIST_BYTES = 64 << 10;
const PRIORITY_BYTES = 5;
/** How long a peer that broke the protocol has to read why. */
const LAST_WORD_MS = 1000;

/** One HTTP/2 connection (RFC 9113) over any byte stream: frames, header compression, flow control. */
export abstract class Connection {
  readonly socket: Duplex;
  readonly output: Output;
  readonly encoder = new HeaderEncoder();
  readonly streams = new Map<number, Stream>();
  /** Streams with data that flow control or the socket holds up. */
  readonly blocked = new Set<Stream>();
  peer: PeerSettings = DEFAULT_SETTINGS;
  /** How much the peer lets us send on all streams together. */
  sendWindow = DEFAULT_WINDOW;
  /** Why the connection is over; undefined while it lives. */
  failure: Error | undefined = undefined;
  /** performance.now() of the peer's last bytes. */
  lastReadMs = performance.now();
  readonly #decoder = new HeaderDecoder(MAX_HEADER_LIST_BYTES);
  readonly #reader: FrameReader;
  #receiveWindow = CONNECTION_WINDOW;
  #hasSettings = false;
  /** The closed stream that DATA came on last: it is answered once. */
  #strayId = 0;
  #block: { readonly streamId: number; readonly flags: number; parts: Buffer[]; bytes: number } | undefined;

  constructor(socket: Duplex) {
    this.socket = socket;
    this.output = new Output(socket, () => {
      this.#pumpAll();
    });
    this.#reader = new FrameReader((type, flags, streamId, payload) => {
      this.#frame(type, flags, streamId, payload);
    });
    socket.on("data", (chunk: Buffer) => {
      this.read(chunk);
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

  /** A stream has ended on both sides. */
  forget(stream: Stream): void {
    this.blocked.delete(stream);
    if (this.streams.delete(stream.id)) this.onStreamClosed();
  }

  /** We have sent our last on a stream, the peer has not. */
  abstract onLocalEnd(stream: Stream): void;

  /** Lets the peer send as many bytes again on a stream that does not give them back at once. */
  consume(stream: Stream, bytes: number): void {
    if (stream.isRemoteClosed || this.failure !== undefined) return;
    stream.unreturned += bytes;
    if (stream.unreturned < STREAM_WINDOW / 2) return;
    writeWindowUpdate(this.output, stream.id, stream.unreturned);
    stream.receiveWindow += stream.unreturned;
    stream.unreturned = 0;
  }

  protected abstract readonly lastPeerStreamId: number;
  /** True for streams that nobody has opened yet. */
  protected abstract isIdle(streamId: number): boolean;
  protected abstract onHeaders(streamId: number, headers: string[] | HeaderFault, isEnd: boolean): void;
  protected abstract onPeerReset(): void;
  protected abstract onStreamClosed(): void;
  protected abstract onSettings(): void;
  protected abstract onPingAck(payload: Buffer): void;
  protected abstract onGoaway(lastStreamId: number, code: number): void;
  protected abstract onEnd(error: Error): void;

  #end(error: Error): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    for (const stream of [...this.streams.values()]) loseStream(this, stream, error);
    this.onEnd(error);
  }

  #pumpAll(): void {
    if (this.blocked.size === 0 || this.output.pendingBytes > MAX_PENDING_OUTPUT) return;
    for (const stream of [...this.blocked]) if (stream.sendWindow > 0) pump(stream);
  }

  #frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (!this.#hasSettings && (type !== FRAME.SETTINGS || (flags & FLAG.ACK) !== 0)) throw wrong("no SETTINGS first");
    if (this.#block !== undefined && type !== FRAME.CONTINUATION) throw wrong("a header block is cut in two");
    switch (type) {
      case FRAME.DATA:
        this.#data(flags, streamId, payload);
        break;
      case FRAME.HEADERS:
        this.#headers(flags, streamId, payload);
        break;
      case FRAME.PRIORITY:
        if (streamId === 0) throw wrong("PRIORITY without a stream");
        if (payload.length !== PRIORITY_BYTES) writeReset(this.output, streamId, ERROR.FRAME_SIZE_ERROR);
        break;
      case FRAME.RST_STREAM:
        this.#reset(streamId, ofLength(payload, 4, "RST_STREAM").readUInt32BE());
        break;
      case FRAME.SETTINGS:
        this.#settings(flags, streamId, payload);
        break;
      case FRAME.PUSH_PROMISE:
        throw wrong("PUSH_PROMISE");
      case FRAME.PING:
        if (streamId !== 0) throw wrong("PING on a stream");
        ofLength(payload, 8, "PING");
        if ((flags & FLAG.ACK) !== 0) this.onPingAck(payload);
        else writePing(this.output, payload, true);
        break;
      case FRAME.GOAWAY:
        if (streamId !== 0) throw wrong("GOAWAY on a stream");
        if (payload.length < 8) throw new ConnectionError(ERROR.FRAME_SIZE_ERROR, "a short GOAWAY");
        this.onGoaway(payload.readUInt32BE() & MAX_WINDOW, payload.readUInt32BE(4));
        break;
      case FRAME.WINDOW_UPDATE:
        this.#windowUpdate(streamId, ofLength(payload, 4, "WINDOW_UPDATE").readUInt32BE() & MAX_WINDOW);
        break;
      case FRAME.CONTINUATION:
        this.#continuation(flags, streamId, payload);
        break;
      default:
      // Unknown types are to be ignored.
    }
  }

  #data(flags: number, streamId: number, payload: Buffer): void {
    if (streamId === 0 || this.isIdle(streamId)) throw wrong("DATA on no stream");
    this.#receiveWindow -= payload.length;
    if (this.#receiveWindow < 0) throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "more DATA than allowed");
    if (this.#receiveWindow < CONNECTION_WINDOW / 2) {
      writeWindowUpdate(this.output, 0, CONNECTION_WINDOW - this.#receiveWindow);
      this.#receiveWindow = CONNECTION_WINDOW;
    }
    const stream = this.streams.get(streamId);
    if (stream === undefined || stream.isRemoteClosed) {
      if (stream !== undefined) writeReset(this.output, streamId, ERROR.STREAM_CLOSED);
      else if (streamId !== this.#strayId) writeReset(this.output, (this.#strayId = streamId), ERROR.STREAM_CLOSED);
      return;
    }
    stream.receiveWindow -= payload.length;
    if (stream.receiveWindow < 0) throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "more DATA than allowed");
    const isEnd = (flags & FLAG.END_STREAM) !== 0;
    const bytes = withoutPadding(payload, flags, 0);
    if (isEnd) this.closeRemote(stream);
    if (stream.returnsAtOnce) this.consume(stream, payload.length);
    else if (payload.length > bytes.length) this.consume(stream, payload.length - bytes.length);
    stream.events.onData(bytes, isEnd);
  }

  /** The peer sends nothing more on a stream. */
  protected closeRemote(stream: Stream): void {
    stream.isRemoteClosed = true;
    if (stream.isLocalClosed) this.forget(stream);
  }

  #headers(flags: number, streamId: number, payload: Buffer): void {
    if (streamId === 0) throw wrong("HEADERS without a stream");
    const priorityBytes = (flags & FLAG.PRIORITY) === 0 ? 0 : PRIORITY_BYTES;
    const bytes = withoutPadding(payload, flags, priorityBytes);
    if ((flags & FLAG.END_HEADERS) === 0) this.#block = { streamId, flags, parts: [bytes], bytes: bytes.length };
    else this.onHeaders(streamId, this.#decoder.decode(bytes), (flags & FLAG.END_STREAM) !== 0);
  }

  #continuation(flags: number, streamId: number, payload: Buffer): void {
    const block = this.#block;
    if (block?.streamId !== streamId) throw wrong("CONTINUATION of nothing");
    block.parts.push(payload);
    block.bytes += payload.length;
    if (block.bytes > MAX_BLOCK_BYTES || block.parts.length > MAX_CONTINUATIONS) {
      throw new ConnectionError(ERROR.ENHANCE_YOUR_CALM, "too long a header block");
    }
    if ((flags & FLAG.END_HEADERS) === 0) return;
    this.#block = undefined;
    this.onHeaders(streamId, this.#decoder.decode(Buffer.concat(block.parts)), (block.flags & FLAG.END_STREAM) !== 0);
  }

  #reset(streamId: number, code: number): void {
    if (streamId === 0 || this.isIdle(streamId)) throw wrong("RST_STREAM on no stream");
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    stream.pending.length = 0;
    stream.trailers = undefined;
    stream.isLocalClosed = stream.isRemoteClosed = true;
    this.forget(stream);
    stream.events.onReset(code, undefined);
    this.onPeerReset();
  }

  #settings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw wrong("SETTINGS on a stream");
    if ((flags & FLAG.ACK) !== 0) {
      ofLength(payload, 0, "SETTINGS ACK");
      return;
    }
    const before = this.peer;
    this.peer = readSettings(payload, before);
    this.#hasSettings = true;
    writeSettingsAck(this.output);
    this.encoder.resize(this.peer.headerTableBytes);
    const more = this.peer.initialWindow - before.initialWindow;
    for (const stream of this.streams.values()) {
      stream.sendWindow += more;
      if (stream.sendWindow > MAX_WINDOW) throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "too large a window");
    }
    if (more > 0) this.#pumpAll();
    this.onSettings();
  }

  #windowUpdate(streamId: number, bytes: number): void {
    if (streamId === 0) {
      if (bytes === 0) throw wrong("WINDOW_UPDATE of nothing");
      this.sendWindow += bytes;
      if (this.sendWindow > MAX_WINDOW) throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "too large a window");
      this.#pumpAll();
      return;
    }
    if (this.isIdle(streamId)) throw wrong("WINDOW_UPDATE on no stream");
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    stream.sendWindow += bytes;
    if (bytes === 0 || stream.sendWindow > MAX_WINDOW) {
      writeReset(this.output, streamId, bytes === 0 ? ERROR.PROTOCOL_ERROR : ERROR.FLOW_CONTROL_ERROR);
      this.#reset(streamId, ERROR.CANCEL);
    } else if (stream.pending.length > 0) {
      pump(stream);
    }
  }
}

function wrong(what: string): ConnectionError {
  return new ConnectionError(ERROR.PROTOCOL_ERROR, what);
}
