import type { HeaderEncoder } from "./header-encoder.ts";
import type { Output } from "./output.ts";

/** What happens on a stream, in order. After `isEnd` the peer sends nothing more; after `onReset` nothing comes at all. */
export interface StreamEvents {
  /** Headers (name, value, name, value, …), or trailers. */
  onHeaders(headers: readonly string[], isEnd: boolean): void;
  /** `chunk` is lent: see `keepBytes`. */
  onData(chunk: Buffer, isEnd: boolean): void;
  /** Ended before its time: by the peer's reset with this code, or because the connection was lost. */
  onReset(code: number, lost: Error | undefined): void;
  /** What had to wait has been sent. */
  onDrain(): void;
}

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly output: Output;
  readonly encoder: HeaderEncoder;
  /** Streams with data that flow control or the socket holds up. */
  readonly blocked: Set<Stream>;
  /** How much the peer lets us send on all streams together. */
  sendWindow: number;
  /** Data of all streams that waits, and what has gone since it had to: its change is progress. */
  unsentBytes: number;
  pumpedBytes: number;
  /** A stream has ended on both sides. */
  forget(stream: Stream): void;
  /** We have ended a stream on which the peer may still be sending: that is to be ignored. */
  ignoreRest(streamId: number): void;
  /** We have sent our last on a stream, the peer has not. */
  onLocalEnd(stream: Stream): void;
}

/** Bytes on their way out, behind those that flow control lets pass. */
interface Pending {
  bytes: Buffer;
  readonly isEnd: boolean;
}

/** One HTTP/2 stream of a connection (RFC 9113 §5.1); what it sends goes through send.ts. */
export class Stream {
  readonly id: number;
  readonly connection: StreamHost;
  events: StreamEvents = NOBODY;
  /** How much the peer lets us send; below zero after a SETTINGS that takes some back (§6.9.2). */
  sendWindow: number;
  /** How much the peer may send. */
  receiveWindow: number;
  /** Received and used up, not yet given back to the peer. */
  unreturned = 0;
  /** Whether received bytes are given back at once; otherwise `Connection.consume` does it. */
  returnsAtOnce = true;
  isLocalClosed = false;
  isRemoteClosed = false;
  /** Whether the peer's headers have come: DATA and trailers follow them. */
  hasHeaders = false;
  /** What the peer's content-length leaves to come (§8.1.1); undefined where it said none. */
  bodyBytesLeft: number | undefined = undefined;
  /** Data that waits for flow control or the socket. */
  readonly pending: Pending[] = [];
  /** Last headers that wait behind it. */
  trailers: readonly string[] | undefined = undefined;
  /** For the connection's StreamTable. */
  older: Stream | undefined = undefined;

  constructor(id: number, connection: StreamHost, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.connection = connection;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }

  get isClosed(): boolean {
    return this.isLocalClosed && this.isRemoteClosed;
  }
}

const NOTHING = (): void => {};
const NOBODY: StreamEvents = { onHeaders: NOTHING, onData: NOTHING, onReset: NOTHING, onDrain: NOTHING };
