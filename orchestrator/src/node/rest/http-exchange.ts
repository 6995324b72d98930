import { asCallError, type CallError } from "../../execute/call-error.ts";
import type { Scope } from "../../execute/scope.ts";
import type { TakeStream } from "../../execute/streamed-reply.ts";
import type { Connection, Exchange } from "./connection.ts";
import { cutFault, faultOf, tooLargeFault } from "./http-faults.ts";
import type { ReplyHead } from "./reply-head.ts";
import { ReplyStream, SHORT_REPLY_BYTES, streamingOf, whenLong } from "./reply-stream.ts";

/** A node's whole HTTP answer. */
export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** Of V2's binary tensors; empty: none. */
  readonly jsonLength: string;
  /** The body in the pieces it came in; empty where it was taken as a stream. */
  readonly chunks: readonly Buffer[];
}

export interface ExchangeOutcome {
  resolve(reply: HttpReply): void;
  reject(error: CallError, exchange: HttpExchange): void;
  /** Sends it once more on another connection. Absent: a node must not get it twice. */
  readonly repeat?: ((exchange: HttpExchange) => void) | undefined;
}

/** One call: waits, is sent, gathers its reply, and ends once, whatever happens. */
export class HttpExchange implements Exchange {
  readonly head: string;
  readonly chunks: readonly Buffer[];
  readonly #target: string;
  readonly #maxBytes: number;
  readonly #outcome: ExchangeOutcome;
  readonly #detach: () => void;
  readonly #take: TakeStream | undefined;
  #body: Buffer[] = [];
  #stream: ReplyStream | undefined;
  #stopLongTimer: (() => void) | undefined;
  #connection: Connection | undefined;
  #reply: ReplyHead | undefined;
  #length = 0;
  #isOver = false;
  #isRepeated = false;

  constructor(
    target: string,
    head: string,
    chunks: readonly Buffer[],
    maxBytes: number,
    scope: Scope,
    outcome: ExchangeOutcome,
    take: TakeStream | undefined,
  ) {
    this.#target = target;
    this.head = head;
    this.chunks = chunks;
    this.#maxBytes = maxBytes;
    this.#outcome = outcome;
    this.#take = take;
    this.#detach = scope.onCancel((error) => {
      this.fail(error);
    });
  }

  /** True when it met a closing connection: its next one must be new. */
  get isRepeated(): boolean {
    return this.#isRepeated;
  }

  /** Goes out on a connection that is its own until it ends. */
  beginOn(connection: Connection): void {
    this.#connection = connection;
    connection.begin(this);
  }

  /** Ends the call: the caller hears `error`, and whatever is still on the wire is stopped. */
  fail(error: CallError): void {
    if (!this.#endOnce()) return;
    this.#connection?.destroy();
    this.#stream?.fail(error);
    this.#outcome.reject(error, this);
  }

  onHead(head: ReplyHead): void {
    this.#reply = head;
    if (this.#take === undefined) return;
    const streaming = streamingOf(head);
    if (streaming === "at-once") this.#openStream();
    else if (streaming === "if-long") {
      this.#stopLongTimer = whenLong(() => {
        this.#openStream();
      });
    }
  }

  onData(chunk: Buffer): boolean {
    if (this.#stream !== undefined) return this.#stream.push(chunk);
    this.#length += chunk.length;
    this.#body.push(chunk);
    if (this.#stopLongTimer !== undefined && this.#length > SHORT_REPLY_BYTES) this.#openStream();
    else if (this.#length > this.#maxBytes) this.fail(tooLargeFault(this.#target, this.#maxBytes));
    return true;
  }

  onEnd(): void {
    // The connection is somebody else's from here on.
    this.#connection = undefined;
    if (this.#stream === undefined) this.#succeed(this.#body);
    else this.#stream.end();
  }

  onError(error: Error | undefined, isStale: boolean): void {
    const { repeat } = this.#outcome;
    if (isStale && !this.#isRepeated && repeat !== undefined) {
      this.#isRepeated = true;
      this.#connection = undefined;
      repeat(this);
    } else this.fail(error === undefined ? cutFault(this.#target) : faultOf(this.#target, error));
  }

  /** From here on what arrives goes to whoever takes the stream, and the call ends when it has taken all. */
  #openStream(): void {
    if (this.#isOver || this.#reply === undefined || this.#take === undefined) return;
    this.#stopLongTimer?.();
    const stream = new ReplyStream(this.#reply, this.#take, () => this.#connection?.resume());
    this.#stream = stream;
    for (const chunk of this.#body) stream.push(chunk);
    this.#body = [];
    stream.taken.then(
      () => {
        this.#succeed([]);
      },
      (error: unknown) => {
        this.fail(asCallError(error));
      },
    );
  }

  #succeed(chunks: readonly Buffer[]): void {
    if (this.#reply === undefined || !this.#endOnce()) return;
    const { status, contentType, contentEncoding, jsonLength } = this.#reply;
    this.#outcome.resolve({ status, contentType, contentEncoding, jsonLength, chunks });
  }

  #endOnce(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#stopLongTimer?.();
    this.#detach();
    return true;
  }
}
