import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { giveBack } from "../memory/lent-bytes.ts";
import { Allowance } from "./allowance.ts";
import { ofLength, withoutPadding, writeGoaway, writePing, writeReset } from "./control-frames.ts";
import { FrameReader } from "./frame-reader.ts";
import { HeaderBlocks, type HeaderBlock } from "./header-blocks.ts";
import { HeaderDecoder, type HeaderFault } from "./header-decoder.ts";
import { HeaderEncoder } from "./header-encoder.ts";
import {
  IDLE_FRAMES,
  LAST_WORD_MS,
  MAX_HEADER_LIST_BYTES,
  MAX_IGNORED_STREAMS,
  MAX_PENDING_OUTPUT,
  RESETS,
  SETTINGS_COST,
} from "./limits.ts";
import { Output } from "./output.ts";
import { ConnectionError, DEFAULT_WINDOW, ERROR, FLAG, FRAME, MAX_WINDOW } from "./protocol.ts";
import { ReceiveWindows } from "./receive-windows.ts";
import { dropStream, pump, resetStream } from "./send.ts";
import { DEFAULT_SETTINGS, readSettings, writeSettingsAck, type PeerSettings } from "./settings.ts";
import type { Stream, StreamHost } from "./stream.ts";

const PRIORITY_BYTES = 5;

/** One HTTP/2 connection (RFC 9113) over any byte stream: frames, header compression, flow control. */
export abstract class Connection implements StreamHost {
  readonly socket: Duplex;
  readonly output: Output;
  readonly encoder = new HeaderEncoder();
  readonly streams = new Map<number, Stream>();
  readonly blocked = new Set<Stream>();
  peer: PeerSettings = DEFAULT_SETTINGS;
  sendWindow = DEFAULT_WINDOW;
  unsentBytes = 0;
  pumpedBytes = 0;
  /** Why the connection is over; undefined while it lives. */
  failure: Error | undefined = undefined;
  /** performance.now() of the peer's last bytes. */
  lastReadMs = performance.now();
  readonly #decoder = new HeaderDecoder(MAX_HEADER_LIST_BYTES);
  readonly #reader: FrameReader;
  /** What the peer may still send. */
  readonly windows: ReceiveWindows;
  protected readonly blocks = new HeaderBlocks();
  /** Whether the peer's first SETTINGS have come. */
  protected hasSettings = false;
  readonly #resets = new Allowance(RESETS);
  readonly #idleFrames = new Allowance(IDLE_FRAMES);
  /** The closed stream that DATA came on last: it is answered once. */
  #strayId = 0;
  readonly #ignored = new Set<number>();
  /** The peer has made room since what waits was looked at. */
  #hasRoom = false;

  constructor(socket: Duplex) {
    this.socket = socket;
    this.output = new Output(socket, () => {
      this.#pumpAll();
    });
    this.windows = new ReceiveWindows(this.output);
    this.#reader = new FrameReader((type, flags, streamId, payload) => {
      this.#frame(type, flags, streamId, payload);
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
    if (this.#hasRoom) this.#pumpAll();
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
  /** True for streams that nobody has opened yet. */
  protected abstract isIdle(streamId: number): boolean;
  protected abstract onHeaders(streamId: number, headers: string[] | HeaderFault, isEnd: boolean): void;
  protected abstract onStreamClosed(): void;
  protected abstract onSettings(): void;
  protected abstract onPingAck(payload: Buffer): void;
  protected abstract onGoaway(lastStreamId: number, code: number): void;
  protected abstract onEnd(error: Error): void;

  #end(error: Error): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    for (const stream of [...this.streams.values()]) {
      dropStream(stream);
      stream.events.onReset(ERROR.CANCEL, error);
    }
    this.onEnd(error);
  }

  #pumpAll(): void {
    this.#hasRoom = false;
    if (this.blocked.size === 0 || this.output.pendingBytes > MAX_PENDING_OUTPUT) return;
    for (const stream of [...this.blocked]) if (stream.sendWindow > 0) pump(stream);
  }

  #frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (!this.hasSettings && (type !== FRAME.SETTINGS || (flags & FLAG.ACK) !== 0)) throw wrong("no SETTINGS first");
    if (this.blocks.openSinceMs !== undefined && type !== FRAME.CONTINUATION)
      throw wrong("a header block is cut in two");
    switch (type) {
      case FRAME.DATA:
        this.#data(flags, streamId, payload);
        break;
      case FRAME.HEADERS:
        this.#headers(this.blocks.begin(flags, streamId, payload));
        break;
      case FRAME.PRIORITY:
        this.#priority(streamId, payload);
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
        this.#countIdle(1);
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
        this.#headers(this.blocks.add(flags, streamId, payload));
        break;
      default:
        // Unknown types are to be ignored (§4.1).
        this.#countIdle(1);
    }
  }

  /** Frames that cost us work and move nothing on (RFC 9113 §10.5; CVE-2019-9512, 9513, 9515, 9518). */
  #countIdle(cost: number): void {
    if (!this.#idleFrames.take(cost)) throw new ConnectionError(ERROR.ENHANCE_YOUR_CALM, "too many idle frames");
  }

  /** Priorities are withdrawn (RFC 9113 §5.3.2): only the frame's form is looked at (§6.3). */
  #priority(streamId: number, payload: Buffer): void {
    if (streamId === 0) throw wrong("PRIORITY without a stream");
    this.#countIdle(1);
    if (payload.length === PRIORITY_BYTES) return;
    if (this.isIdle(streamId)) ofLength(payload, PRIORITY_BYTES, "PRIORITY");
    const stream = this.streams.get(streamId);
    if (stream !== undefined) this.failStream(stream, ERROR.FRAME_SIZE_ERROR);
    else writeReset(this.output, streamId, ERROR.FRAME_SIZE_ERROR);
  }

  #data(flags: number, streamId: number, payload: Buffer): void {
    if (streamId === 0 || this.isIdle(streamId)) throw wrong("DATA on no stream");
    this.windows.takeConnection(payload.length);
    const isEnd = (flags & FLAG.END_STREAM) !== 0;
    const bytes = withoutPadding(payload, flags, 0);
    if (bytes.length === 0 && !isEnd) this.#countIdle(1);
    const stream = this.streams.get(streamId);
    if (stream === undefined) {
      if (this.#ignored.has(streamId) || streamId === this.#strayId) return;
      writeReset(this.output, (this.#strayId = streamId), ERROR.STREAM_CLOSED);
      return;
    }
    if (stream.isRemoteClosed || !stream.hasHeaders) {
      this.failStream(stream, stream.isRemoteClosed ? ERROR.STREAM_CLOSED : ERROR.PROTOCOL_ERROR);
      return;
    }
    this.windows.takeStream(stream, payload.length);
    if (!isOfLength(stream, bytes.length, isEnd)) {
      this.failStream(stream, ERROR.PROTOCOL_ERROR);
      return;
    }
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

  #headers(block: HeaderBlock | undefined): void {
    if (block !== undefined) this.onHeaders(block.streamId, this.#decoder.decode(block.bytes), block.isEnd);
  }

  #reset(streamId: number, code: number): void {
    if (streamId === 0 || this.isIdle(streamId)) throw wrong("RST_STREAM on no stream");
    this.#ignored.delete(streamId);
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    dropStream(stream);
    stream.events.onReset(code, undefined);
    this.countReset();
  }

  #settings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw wrong("SETTINGS on a stream");
    this.#countIdle(SETTINGS_COST);
    if ((flags & FLAG.ACK) !== 0) {
      ofLength(payload, 0, "SETTINGS ACK");
      return;
    }
    const before = this.peer;
    this.peer = readSettings(payload, before);
    this.hasSettings = true;
    writeSettingsAck(this.output);
    this.encoder.resize(this.peer.headerTableBytes);
    const more = this.peer.initialWindow - before.initialWindow;
    if (more !== 0) this.#changeWindows(more);
    this.onSettings();
  }

  /** Streams that are open get the difference, which may take them below zero (RFC 9113 §6.9.2). */
  #changeWindows(more: number): void {
    for (const stream of this.streams.values()) {
      stream.sendWindow += more;
      if (stream.sendWindow > MAX_WINDOW) throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "too large a window");
    }
    this.#hasRoom = true;
  }

  #windowUpdate(streamId: number, bytes: number): void {
    if (streamId === 0) {
      if (bytes === 0) throw wrong("WINDOW_UPDATE of nothing");
      this.sendWindow += bytes;
      if (this.sendWindow > MAX_WINDOW) throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "too large a window");
      this.#hasRoom = true;
      return;
    }
    if (this.isIdle(streamId)) throw wrong("WINDOW_UPDATE on no stream");
    const stream = this.streams.get(streamId);
    if (stream === undefined) return;
    stream.sendWindow += bytes;
    if (bytes === 0 || stream.sendWindow > MAX_WINDOW) {
      this.failStream(stream, bytes === 0 ? ERROR.PROTOCOL_ERROR : ERROR.FLOW_CONTROL_ERROR);
    } else if (stream.pending.length > 0) {
      pump(stream);
    }
  }
}

function wrong(what: string): ConnectionError {
  return new ConnectionError(ERROR.PROTOCOL_ERROR, what);
}

/** Counts what came; false when it is not what content-length said (RFC 9113 §8.1.1). */
export function isOfLength(stream: Stream, bytes: number, isEnd: boolean): boolean {
  if (stream.bodyBytesLeft === undefined) return true;
  stream.bodyBytesLeft -= bytes;
  return isEnd ? stream.bodyBytesLeft === 0 : stream.bodyBytesLeft >= 0;
}
