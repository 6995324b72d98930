import { Allowance } from "./allowance.ts";
import { ofLength, withoutPadding, writePing, writeReset } from "./control-frames.ts";
import { HeaderBlocks, type HeaderBlock } from "./header-blocks.ts";
import { HeaderDecoder, type HeaderFault } from "./header-decoder.ts";
import { IDLE_FRAMES, MAX_HEADER_LIST_BYTES, SETTINGS_COST } from "./limits.ts";
import { Link } from "./link.ts";
import { ConnectionError, ERROR, FLAG, FRAME, MAX_WINDOW, PRIORITY_BYTES } from "./protocol.ts";
import { dropStream, pump } from "./send.ts";
import { DEFAULT_SETTINGS, readSettings, writeSettingsAck, type PeerSettings } from "./settings.ts";
import type { Stream } from "./stream.ts";

/** One HTTP/2 connection (RFC 9113): what its frames mean to both sides of it. */
export abstract class Connection extends Link {
  peer: PeerSettings = DEFAULT_SETTINGS;
  protected readonly blocks = new HeaderBlocks();
  /** Whether the peer's first SETTINGS have come. */
  protected hasSettings = false;
  readonly #decoder = new HeaderDecoder(MAX_HEADER_LIST_BYTES);
  readonly #idleFrames = new Allowance(IDLE_FRAMES);
  /** The closed stream that DATA came on last: it is answered once. */
  #strayId = 0;

  /** True for streams that nobody has opened yet. */
  protected abstract isIdle(streamId: number): boolean;
  protected abstract onHeaders(streamId: number, headers: string[] | HeaderFault, isEnd: boolean): void;
  protected abstract onSettings(): void;
  protected abstract onPingAck(payload: Buffer): void;
  protected abstract onGoaway(lastStreamId: number, code: number): void;

  protected override takeFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
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
      if (this.isIgnored(streamId) || streamId === this.#strayId) return;
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
    this.forgetIgnored(streamId);
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
    for (const stream of this.streams.all()) {
      stream.sendWindow += more;
      if (stream.sendWindow > MAX_WINDOW) throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "too large a window");
    }
    this.hasRoom = true;
  }

  #windowUpdate(streamId: number, bytes: number): void {
    if (streamId === 0) {
      if (bytes === 0) throw wrong("WINDOW_UPDATE of nothing");
      this.sendWindow += bytes;
      if (this.sendWindow > MAX_WINDOW) throw new ConnectionError(ERROR.FLOW_CONTROL_ERROR, "too large a window");
      this.hasRoom = true;
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
