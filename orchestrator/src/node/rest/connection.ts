import type { Socket } from "node:net";
import { patientTimeout } from "../patient-timeout.ts";
import { HeadReader, NotHttp, type ReplyHead } from "./reply-head.ts";
import { ReplyParser, type ReplyListener } from "./reply-parser.ts";

/** One request and its reply, as its connection sees it. */
export interface Exchange {
  /** The head as latin1 text, and the body in pieces. */
  readonly head: string;
  readonly chunks: readonly Buffer[];
  onHead(head: ReplyHead): void;
  /** False: no more until `resume`. */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  /**
   * NotHttp, or the socket's error; undefined: the connection was closed before the reply was whole.
   * `isStale`: it had served others, and ended without a word about this request.
   */
  onError(error: Error | undefined, isStale: boolean): void;
}

export interface ConnectionOwner {
  /** The connection may take its next request. */
  onIdle(connection: Connection): void;
  onClosed(connection: Connection): void;
}

/** Up to here one write of head and body together is cheaper than two pieces. */
const MAX_JOINED_BYTES = 16 * 1024;

/** One connection to a node: one exchange at a time, without pipelining. */
export class Connection implements ReplyListener {
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #heads = new HeadReader();
  #exchange: Exchange | undefined;
  #parser: ReplyParser | undefined;
  #keepAliveMs = 0;
  #isWhole = false;
  /** True while a connection that has served others has said nothing about this exchange. */
  #isUnheard = false;
  #hasServed = false;
  /** In performance.now() time; when an idle connection is no longer to be used. */
  expiresMs = 0;

  /** `connected` is the event that says that the socket is ready. */
  constructor(socket: Socket, connected: string, connectTimeoutMs: number, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    const stopWaiting = patientTimeout(connectTimeoutMs, () => {
      socket.destroy(new Error(`no connection within ${connectTimeoutMs} ms`));
    });
    socket.once(connected, stopWaiting);
    socket.on("data", (piece: Buffer) => {
      this.#read(piece);
    });
    socket.on("end", () => {
      if (this.#parser?.finish() === true) this.#finish();
      else this.#fail(undefined);
    });
    socket.on("error", (error) => {
      this.#fail(error);
    });
    socket.on("close", () => {
      stopWaiting();
      this.#fail(undefined);
      owner.onClosed(this);
    });
  }

  /** Sends a request. Only while idle. */
  begin(exchange: Exchange): void {
    this.#exchange = exchange;
    this.#parser = new ReplyParser(this, this.#heads);
    this.#isWhole = false;
    this.#keepAliveMs = 0;
    this.#isUnheard = this.#hasServed;
    this.#write(exchange.head, exchange.chunks);
  }

  /** Reads on after `onData` said false. */
  resume(): void {
    this.#socket.resume();
  }

  /** False once it is going away, though `onClosed` may not have come yet. */
  get isUsable(): boolean {
    return !this.#socket.destroyed;
  }

  /** Ends the connection, and tells its exchange. */
  drop(): void {
    this.#isUnheard = false;
    this.#fail(new Error("the connection was given up"));
  }

  /** Ends the connection, and with it whatever is on it; the exchange is not told. */
  destroy(): void {
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  onHead(head: ReplyHead): void {
    this.#keepAliveMs = head.keepAliveMs;
    this.#exchange?.onHead(head);
  }

  onData(chunk: Buffer): void {
    if (this.#exchange?.onData(chunk) === false) this.#socket.pause();
  }

  onEnd(): void {
    this.#isWhole = true;
  }

  #write(head: string, chunks: readonly Buffer[]): void {
    const socket = this.#socket;
    const [first] = chunks;
    if (first === undefined) socket.write(head, "latin1");
    else if (chunks.length === 1 && first.length <= MAX_JOINED_BYTES) {
      socket.write(head + first.toString("latin1"), "latin1");
    } else {
      socket.cork();
      socket.write(head, "latin1");
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    }
  }

  #read(piece: Buffer): void {
    const parser = this.#parser;
    if (parser === undefined) {
      // Nobody has asked for anything.
      this.#socket.destroy();
      return;
    }
    this.#isUnheard = false;
    try {
      parser.read(piece);
    } catch (error) {
      if (!(error instanceof NotHttp)) throw error;
      // A reply that was whole before it went wrong is one; the connection is not to be trusted again.
      this.#keepAliveMs = 0;
      if (!this.#isWhole) this.#fail(error);
    }
    if (this.#isWhole) this.#finish();
  }

  #finish(): void {
    const exchange = this.#exchange;
    this.#exchange = this.#parser = undefined;
    const socket = this.#socket;
    // A reply to a request that is not all sent yet leaves the rest of it on the connection.
    const isFree = this.#keepAliveMs > 0 && socket.writableLength === 0 && !socket.destroyed;
    if (!isFree) socket.destroy();
    exchange?.onEnd();
    if (!isFree) return;
    socket.resume();
    this.#hasServed = true;
    this.expiresMs = performance.now() + this.#keepAliveMs;
    this.#owner.onIdle(this);
  }

  #fail(error: Error | undefined): void {
    const exchange = this.#exchange;
    this.#exchange = this.#parser = undefined;
    this.#socket.destroy();
    exchange?.onError(error, this.#isUnheard);
  }
}
