import { Duplex } from "node:stream";
import { ClientConnection } from "../src/http2/client-connection.ts";
import { HeaderEncoder } from "../src/http2/header-encoder.ts";
import { sendData, sendHeaders, sendTrailers } from "../src/http2/send.ts";
import { ServerConnection } from "../src/http2/server-connection.ts";
import type { Stream, StreamEvents } from "../src/http2/stream.ts";
import { frame } from "./raw-http2.ts";

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const EMPTY = Buffer.alloc(0);
export const REQUEST = [":method", "POST", ":scheme", "http", ":path", "/a.B/C", ":authority", "x"] as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** An HTTP/2 connection of ours in memory, and what it wrote. The test is its peer. */
class Peer {
  readonly socket: Duplex;
  readonly #written: Buffer[] = [];
  readonly #encoder = new HeaderEncoder();

  constructor() {
    this.socket = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        this.#written.push(Buffer.from(chunk));
        done();
      },
    });
  }

  /** Header list -> block, by this peer's table. */
  block(list: readonly string[]): Buffer {
    const bytes = Buffer.alloc(HeaderEncoder.maxBytes(list));
    return bytes.subarray(0, this.#encoder.encode(list, bytes, 0));
  }

  /** Sends bytes, and resolves when they have been read and answered. */
  async send(...chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) if (chunk.length > 0) this.socket.push(chunk);
    for (let i = 0; i < 4; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  get frames(): readonly Frame[] {
    let bytes = Buffer.concat(this.#written);
    if (bytes.subarray(0, PREFACE.length).equals(PREFACE)) bytes = bytes.subarray(PREFACE.length);
    const frames: Frame[] = [];
    for (let at = 0; at + 9 <= bytes.length;) {
      const end = at + 9 + bytes.readUIntBE(at, 3);
      const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5);
      frames.push({ type, flags, streamId: bytes.readUInt32BE(at + 5), payload: bytes.subarray(at + 9, end) });
      at = end;
    }
    return frames;
  }

  /** The code of the GOAWAY that came. */
  get goaway(): number | undefined {
    return this.frames.find((one) => one.type === 7)?.payload.readUInt32BE(4);
  }

  /** The code of a stream's reset. */
  reset(streamId: number): number | undefined {
    return this.frames.find((one) => one.type === 3 && one.streamId === streamId)?.payload.readUInt32BE();
  }

  /** Bytes of DATA that came on a stream. */
  data(streamId: number): Buffer {
    return Buffer.concat(
      this.frames.filter((one) => one.type === 0 && one.streamId === streamId).map((f) => f.payload),
    );
  }
}

/** A server's connection: streams are answered with `body` and trailers once they have ended. */
export class ServerPeer extends Peer {
  readonly connection: ServerConnection;
  readonly opened: Stream[] = [];
  /** Whether the bytes of requests are given back. */
  returnsAtOnce = true;
  /** Streams that the server was told were reset. */
  readonly resets: number[] = [];
  readonly bodies = new Map<number, Buffer[]>();

  constructor(body: Buffer = EMPTY) {
    super();
    this.connection = new ServerConnection(
      this.socket,
      (stream) => this.#open(stream, body),
      () => {},
    );
  }

  /** After the handshake. */
  static async open(body: Buffer = EMPTY, settings: Buffer = EMPTY): Promise<ServerPeer> {
    const peer = new ServerPeer(body);
    await peer.send(Buffer.concat([PREFACE, frame(4, 0, 0, settings)]));
    return peer;
  }

  #open(stream: Stream, body: Buffer): StreamEvents {
    this.opened.push(stream);
    stream.returnsAtOnce = this.returnsAtOnce;
    const chunks: Buffer[] = [];
    this.bodies.set(stream.id, chunks);
    const answer = (): void => {
      sendHeaders(stream, [":status", "200"], false);
      if (body.length > 0) sendData(stream, EMPTY, body, false);
      sendTrailers(stream, ["grpc-status", "0"]);
    };
    if (stream.isRemoteClosed) answer();
    return {
      onHeaders: answer,
      onData: (chunk, isEnd) => {
        chunks.push(Buffer.from(chunk));
        if (isEnd) answer();
      },
      onReset: () => this.resets.push(stream.id),
      onDrain: () => {},
    };
  }
}

/** How a call of a client's connection went. */
export interface ClientCall {
  readonly stream: Stream;
  readonly lists: (readonly string[])[];
  readonly chunks: Buffer[];
  isEnded: boolean;
  resetCode: number | undefined;
}

/** A client's connection: the test is its server. */
export class ClientPeer extends Peer {
  readonly connection: ClientConnection;
  ended: Error | undefined = undefined;

  constructor() {
    super();
    this.connection = new ClientConnection(this.socket, {
      onSettings: () => {},
      onGoaway: () => {},
      onStreamClosed: () => {},
      onEnd: (error) => (this.ended = error),
    });
  }

  static async open(settings: Buffer = EMPTY): Promise<ClientPeer> {
    const peer = new ClientPeer();
    await peer.send(frame(4, 0, 0, settings));
    return peer;
  }

  call(body: Buffer = EMPTY): ClientCall {
    const seen = { lists: [] as (readonly string[])[], chunks: [] as Buffer[] };
    let call: ClientCall | undefined = undefined;
    const stream = this.connection.request(
      REQUEST,
      {
        onHeaders: (list, isEnd) => {
          seen.lists.push(list);
          if (call !== undefined) call.isEnded = isEnd;
        },
        onData: (chunk, isEnd) => {
          seen.chunks.push(Buffer.from(chunk));
          if (call !== undefined) call.isEnded = isEnd;
        },
        onReset: (code) => {
          if (call !== undefined) call.resetCode = code;
        },
        onDrain: () => {},
      },
      false,
    );
    sendData(stream, EMPTY, body, true);
    call = { stream, ...seen, isEnded: false, resetCode: undefined };
    return call;
  }
}

/** A SETTINGS payload. */
export function settings(...entries: readonly (readonly [number, number])[]): Buffer {
  const bytes = Buffer.alloc(6 * entries.length);
  entries.forEach(([key, value], i) => bytes.writeUInt32BE(value, bytes.writeUInt16BE(key, 6 * i)));
  return bytes;
}

/** Four bytes. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
