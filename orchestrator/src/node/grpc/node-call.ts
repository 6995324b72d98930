import { CallError } from "../../execute/call-error.ts";
import type { Scope } from "../../execute/scope.ts";
import { messagePrefix } from "../../grpc/message-reader.ts";
import type { ClientConnection } from "../../http2/client-connection.ts";
import { ERROR } from "../../http2/protocol.ts";
import { headerOf } from "../../http2/request-headers.ts";
import { resetStream, sendData } from "../../http2/send.ts";
import type { Stream, StreamEvents } from "../../http2/stream.ts";
import { unframeMessage } from "../../grpc/frame.ts";
import { keepBytes } from "../../memory/lent-bytes.ts";
import { requestHeaders, type Metadata, type Target } from "./request-headers.ts";
import { resetError, statusError } from "./status.ts";

/** What a call needs to know of where it goes. */
export interface CallTarget extends Target {
  readonly maxReplyBytes: number;
  /** The call was given up for lack of time, having heard nothing since it began. */
  readonly onSilence: (sinceMs: number) => void;
  readonly onOver: (call: SentCall) => void;
}

/** A call on its way to a stream of its own, or on one. */
export interface SentCall {
  /** False while it waits for a stream. */
  readonly isSent: boolean;
}

/** Why a call may go elsewhere: the node has not begun it; it has not even been sent. */
export type NotBegun = "refused" | "unsent";
export type Outcome = Buffer | NotBegun;

/** One unary call to a node. */
export class NodeCall implements StreamEvents, SentCall {
  readonly outcome: Promise<Outcome>;
  readonly #target: CallTarget;
  readonly #path: string;
  readonly #message: Buffer;
  readonly #metadata: Metadata;
  readonly #scope: Scope;
  #detach: () => void = () => {};
  readonly #startedMs = performance.now();
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #httpStatus = 0;
  #stream: Stream | undefined;
  #resolve!: (outcome: Outcome) => void;
  #reject!: (error: CallError) => void;
  isOver = false;

  constructor(target: CallTarget, path: string, message: Buffer, metadata: Metadata, scope: Scope) {
    this.#target = target;
    this.#path = path;
    this.#message = message;
    this.#metadata = metadata;
    this.#scope = scope;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#detach = scope.onCancel((error) => {
      this.#cancel(error);
    });
  }

  get isSent(): boolean {
    return this.#stream !== undefined;
  }

  /** Sends the call. */
  start(connection: ClientConnection): void {
    if (this.isOver) return;
    const headers = requestHeaders(this.#path, this.#target, this.#metadata, this.#scope);
    const stream = connection.request(headers, this, false);
    this.#stream = stream;
    sendData(stream, messagePrefix(this.#message.length), this.#message, true);
  }

  /** The call was not sent, for this reason or because it may go elsewhere. */
  giveUp(reason: CallError | NotBegun): void {
    if (this.isOver) return;
    this.#end();
    if (typeof reason === "string") this.#resolve(reason);
    else this.#reject(reason);
  }

  onHeaders(headers: readonly string[], isEnd: boolean): void {
    if (this.#httpStatus === 0) {
      this.#httpStatus = Number(headerOf(headers, ":status"));
      if (!isEnd && this.#httpStatus === 200) return;
    }
    this.#settle(statusError(headers, this.#httpStatus));
  }

  onData(chunk: Buffer, isEnd: boolean): void {
    if (this.isOver) return;
    this.#bytes += chunk.length;
    const { maxReplyBytes, authority } = this.#target;
    if (this.#bytes > maxReplyBytes) {
      this.#cancel(new CallError("bad-reply", `${authority} answered more than ${maxReplyBytes} bytes`));
      return;
    }
    if (chunk.length > 0) this.#chunks.push(keepBytes(chunk));
    if (isEnd) this.#settle(resetError(authority, ERROR.NO_ERROR, Infinity));
  }

  onReset(code: number, lost: Error | undefined): void {
    if (this.isOver) return;
    const { authority } = this.#target;
    if (lost !== undefined) {
      this.giveUp(new CallError("unreachable", `the connection to ${authority} was lost (${lost.message})`));
    } else this.giveUp(code === ERROR.REFUSED_STREAM ? "refused" : resetError(authority, code, this.#scope.deadlineMs));
  }

  onDrain(): void {}

  #settle(failure: CallError | undefined): void {
    if (this.isOver) return;
    this.#end();
    // A node may answer before it has read everything.
    if (this.#stream !== undefined) resetStream(this.#stream, ERROR.NO_ERROR);
    try {
      if (failure !== undefined) throw failure;
      this.#resolve(unframeMessage(this.#chunks, this.#bytes));
    } catch (error) {
      this.#reject(error as CallError);
    }
  }

  #cancel(error: CallError): void {
    if (this.isOver) return;
    this.#end();
    if (this.#stream !== undefined) resetStream(this.#stream, ERROR.CANCEL);
    this.#reject(error);
    if (error.fault === "too-slow") this.#target.onSilence(this.#startedMs);
  }

  #end(): void {
    this.isOver = true;
    this.#detach();
    this.#target.onOver(this);
  }
}
