import type { Connection } from "./connection.ts";

/** What happens on a stream, in order. After `isEnd` the peer sends nothing more; after `onReset` nothing comes at all. */
export interface StreamEvents {
  /** Headers (name, value, name, value, …), or trailers. */
  onHeaders(headers: readonly string[], isEnd: boolean): void;
  onData(chunk: Buffer, isEnd: boolean): void;
  /** Ended before its time: by the peer's reset with this code, or because the connection was lost. */
  onReset(code: number, lost: Error | undefined): void;
  /** What had to wait has been sent. */
  onDrain(): void;
}

/** Bytes on their way out, behind those that flow control lets pass. */
interface Pending {
  bytes: Buffer;
  readonly isEnd: boolean;
}

/** One HTTP/2 stream of a connection; what it sends goes through send.ts. */
export class Stream {
  readonly id: number;
  readonly connection: Connection;
  events: StreamEvents = NOBODY;
  /** How much the peer lets us send. */
  sendWindow: number;
  /** How much the peer may send. */
  receiveWindow: number;
  /** Received and used up, not yet given back to the peer. */
  unreturned = 0;
  /** Whether received bytes are given back at once; otherwise `Connection.consume` does it. */
  returnsAtOnce = true;
  isLocalClosed = false;
  isRemoteClosed = false;
  /** Data that waits for flow control or the socket. */
  readonly pending: Pending[] = [];
  /** Last headers that wait behind it. */
  trailers: readonly string[] | undefined = undefined;

  constructor(id: number, connection: Connection, sendWindow: number, receiveWindow: number) {
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
