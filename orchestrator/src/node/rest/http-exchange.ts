import type { CallError } from "../../execute/call-error.ts";
import type { Scope } from "../../execute/scope.ts";
import type { Connection, Exchange } from "./connection.ts";
import { cutFault, faultOf, tooLargeFault } from "./http-faults.ts";
import type { ReplyHead } from "./reply-head.ts";

/** A node's whole HTTP answer. */
export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** Of V2's binary tensors; empty: none. */
  readonly jsonLength: string;
  /** The body in the pieces it came in. */
  readonly chunks: readonly Buffer[];
}

export interface ExchangeOutcome {
  resolve(reply: HttpReply): void;
  reject(error: CallError): void;
}

/** One call: waits, is sent, gathers its reply, and ends once, whatever happens. */
export class HttpExchange implements Exchange {
  readonly head: string;
  readonly chunks: readonly Buffer[];
  readonly #target: string;
  readonly #maxBytes: number;
  readonly #outcome: ExchangeOutcome;
  readonly #detach: () => void;
  readonly #body: Buffer[] = [];
  #connection: Connection | undefined;
  #reply: ReplyHead | undefined;
  #length = 0;
  #isOver = false;

  constructor(
    target: string,
    head: string,
    chunks: readonly Buffer[],
    maxBytes: number,
    scope: Scope,
    outcome: ExchangeOutcome,
  ) {
    this.#target = target;
    this.head = head;
    this.chunks = chunks;
    this.#maxBytes = maxBytes;
    this.#outcome = outcome;
    this.#detach = scope.onCancel((error) => {
      this.fail(error);
    });
  }

  /** True when nobody waits for it any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Goes out on a connection that is its own until it ends. */
  beginOn(connection: Connection): void {
    this.#connection = connection;
    connection.begin(this);
  }

  /** Ends the call: the caller hears `error`, and whatever is still on the wire is stopped. */
  fail(error: CallError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#detach();
    this.#connection?.destroy();
    this.#outcome.reject(error);
  }

  onHead(head: ReplyHead): void {
    this.#reply = head;
  }

  onData(chunk: Buffer): boolean {
    this.#length += chunk.length;
    if (this.#length > this.#maxBytes) this.fail(tooLargeFault(this.#target, this.#maxBytes));
    else this.#body.push(chunk);
    return true;
  }

  onEnd(): void {
    if (this.#isOver || this.#reply === undefined) return;
    this.#isOver = true;
    this.#detach();
    const { status, contentType, contentEncoding, jsonLength } = this.#reply;
    this.#outcome.resolve({ status, contentType, contentEncoding, jsonLength, chunks: this.#body });
  }

  onError(error: Error | undefined): void {
    this.fail(error === undefined ? cutFault(this.#target) : faultOf(this.#target, error));
  }
}
