import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { HeaderDecoder } from "../src/http2/header-decoder.ts";
import { HeaderEncoder } from "../src/http2/header-encoder.ts";

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
  /** Of HEADERS frames. */
  readonly headers: Readonly<Record<string, string>>;
}

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const DEADLINE_MS = 60_000;

/** An HTTP/2 client that sends what it is told to, right or wrong. */
export class RawClient {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  isClosed = false;
  readonly #encoder = new HeaderEncoder();
  readonly #decoder = new HeaderDecoder(1 << 20);
  #rest = Buffer.alloc(0);
  #wake: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#take(chunk);
    });
    socket.on("error", () => {
      // A reset is one way to be refused.
    });
    socket.on("close", () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  /** Connected, preface and empty settings sent. */
  static async open(port: number): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const client = new RawClient(socket);
    socket.write(PREFACE);
    client.send(4, 0, 0, Buffer.alloc(0));
    return client;
  }

  send(type: number, flags: number, streamId: number, payload: Buffer): void {
    this.socket.write(frame(type, flags, streamId, payload));
  }

  /** The header block of a gRPC call. */
  block(path: string, more: readonly string[] = [], contentType = "application/grpc"): Buffer {
    const list = [":method", "POST", ":scheme", "http", ":path", path, ":authority", "x", "te", "trailers"];
    return this.encode([...list, "content-type", contentType, ...more]);
  }

  encode(list: readonly string[]): Buffer {
    const bytes = Buffer.alloc(HeaderEncoder.maxBytes(list));
    return bytes.subarray(0, this.#encoder.encode(list, bytes, 0));
  }

  /** A frame that has come or comes; undefined when the connection closes before. */
  async next(matches: (frame: RawFrame) => boolean): Promise<RawFrame | undefined> {
    const timer = setTimeout(() => this.socket.destroy(new Error("nothing came")), DEADLINE_MS);
    try {
      for (;;) {
        const found = this.frames.find(matches);
        if (found !== undefined || this.isClosed) return found;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** How the server ended the connection: GOAWAY's code. */
  async goaway(): Promise<number | undefined> {
    return (await this.next((one) => one.type === 7))?.payload.readUInt32BE(4);
  }

  /** The first headers on a stream. */
  async headersOf(streamId: number): Promise<Readonly<Record<string, string>> | undefined> {
    return (await this.next((one) => one.type === 1 && one.streamId === streamId))?.headers;
  }

  /** The code of a stream's RST_STREAM. */
  async reset(streamId: number): Promise<number | undefined> {
    return (await this.next((one) => one.type === 3 && one.streamId === streamId))?.payload.readUInt32BE();
  }

  /** Headers or trailers that end a stream. */
  async ending(streamId: number): Promise<Readonly<Record<string, string>> | undefined> {
    const isEnd = (one: RawFrame) => one.type === 1 && one.streamId === streamId && (one.flags & 1) === 1;
    return (await this.next(isEnd))?.headers;
  }

  async closed(): Promise<void> {
    if (!this.isClosed) await once(this.socket, "close");
  }

  close(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9 && this.#rest.length >= 9 + this.#rest.readUIntBE(0, 3)) {
      const payload = this.#rest.subarray(9, 9 + this.#rest.readUIntBE(0, 3));
      const type = this.#rest[3] ?? 0;
      const list = type === 1 ? this.#decoder.decode(payload) : [];
      const headers: Record<string, string> = {};
      if (typeof list !== "string") {
        for (let i = 0; i + 1 < list.length; i += 2) headers[list[i] ?? ""] = list[i + 1] ?? "";
      }
      const flags = this.#rest[4] ?? 0;
      this.frames.push({ type, flags, streamId: this.#rest.readUInt32BE(5), payload, headers });
      this.#rest = this.#rest.subarray(9 + payload.length);
    }
    this.#wake();
  }
}

/** One frame's bytes. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** A message as gRPC frames it. */
export function framed(message: Buffer, flag = 0): Buffer {
  const head = Buffer.from([flag, 0, 0, 0, 0]);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
