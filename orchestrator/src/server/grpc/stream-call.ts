import { CallError, GRPC, nodeGrpcError } from "../../execute/call-error.ts";
import { headerOf } from "../../http2/request-headers.ts";
import type { StreamEvents } from "../../http2/stream.ts";
import { messageTooLarge, plainMessage } from "./inflate-message.ts";
import { MessageReader } from "../../grpc/message-reader.ts";
import { ServerCall, type CallLimits, type OpenedCall } from "./server-call.ts";

/** A call with messages as they come, both ways. The client may be one HTTP/2 window ahead of who reads. */
export class StreamCall extends ServerCall implements StreamEvents {
  readonly #limits: CallLimits;
  readonly #reader: MessageReader;
  #hasEnded: boolean;
  /** Received, and not given back to the client's window yet. */
  #unreturnedBytes = 0;
  #wakeReader: (() => void) | undefined = undefined;
  #wakeWriters: (() => void)[] = [];

  constructor(opened: OpenedCall, run: (call: StreamCall) => Promise<void>, limits: CallLimits) {
    super(opened);
    this.#limits = limits;
    this.#reader = new MessageReader(limits.maxMessageBytes, messageTooLarge);
    this.#hasEnded = opened.stream.isRemoteClosed;
    opened.stream.returnsAtOnce = false;
    void this.#run(run);
  }

  /** The largest message that the client may be sent. */
  get maxMessageBytes(): number {
    return this.#limits.maxMessageBytes;
  }

  /** The next message; undefined when the client has sent its last, or has gone. One reader at a time. */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      if (this.isOver) return undefined;
      const message = this.#reader.next();
      if (message !== undefined) {
        this.hold(this.#reader.bytes);
        return plainMessage(message, headerOf(this.headers, "grpc-encoding") ?? "", this.#limits.maxMessageBytes);
      }
      if (this.#hasEnded) {
        if (this.#reader.bytes > 0) throw nodeGrpcError(GRPC.INTERNAL, "unexpected EOF in a message");
        return undefined;
      }
      this.connection.consume(this.stream, this.#unreturnedBytes);
      this.#unreturnedBytes = 0;
      await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }

  /** Sends a message; resolves when the client takes more. */
  async write(message: Buffer): Promise<void> {
    this.sendMessage(message);
    if (this.stream.pending.length > 0 && !this.isOver) {
      await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
    }
  }

  onHeaders(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  onData(chunk: Buffer, isEnd: boolean): void {
    if (this.isOver) return;
    this.#reader.push(chunk);
    this.#unreturnedBytes += chunk.length;
    this.hold(this.#reader.bytes);
    this.#hasEnded = isEnd;
    if (this.connection.heldBytes > this.#limits.maxHeldBytes) {
      // At once, for who reads may be waiting for something else.
      this.fail(new CallError("too-large", "too many unfinished messages on one connection"));
    }
    this.#wake();
  }

  onDrain(): void {
    const writers = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of writers) wake();
  }

  override onReset(): void {
    super.onReset();
    this.#wake();
    this.onDrain();
  }

  #wake(): void {
    const wake = this.#wakeReader;
    this.#wakeReader = undefined;
    wake?.();
  }

  async #run(run: (call: StreamCall) => Promise<void>): Promise<void> {
    try {
      await run(this);
      this.succeed();
    } catch (error) {
      this.fail(error);
    }
  }
}
