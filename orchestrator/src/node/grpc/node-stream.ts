import { CallError, GRPC, nodeGrpcError } from "../../execute/call-error.ts";
import type { Scope } from "../../execute/scope.ts";
import { MessageReader, messagePrefix } from "../../grpc/message-reader.ts";
import type { ClientConnection } from "../../http2/client-connection.ts";
import { ERROR } from "../../http2/protocol.ts";
import { headerOf } from "../../http2/request-headers.ts";
import { resetStream, sendData } from "../../http2/send.ts";
import type { Stream, StreamEvents } from "../../http2/stream.ts";
import type { CallTarget, NotBegun, SentCall } from "./node-call.ts";
import { requestHeaders, type Metadata } from "./request-headers.ts";
import { resetError, statusError } from "./status.ts";

/** A call to a node with one message that is answered by any number of them. */
export class NodeStream implements StreamEvents, SentCall {
  /** Resolves when the answer begins or the call ends; with the reason where the node has not begun the call. */
  readonly begun: Promise<NotBegun | undefined>;
  readonly #target: CallTarget;
  readonly #path: string;
  readonly #message: Buffer;
  readonly #metadata: Metadata;
  readonly #scope: Scope;
  readonly #reader: MessageReader;
  #detach: () => void = () => {};
  #stream: Stream | undefined;
  #connection: ClientConnection | undefined;
  #httpStatus = 0;
  #unreturnedBytes = 0;
  /** How the call ended; the messages before it can still be read. */
  #end: CallError | "ok" | undefined;
  #wake: (() => void) | undefined;
  #setBegun!: (why: NotBegun | undefined) => void;
  #whenOver: ((failure: CallError | undefined) => void) | undefined;

  constructor(target: CallTarget, path: string, message: Buffer, metadata: Metadata, scope: Scope) {
    this.#target = target;
    this.#path = path;
    this.#message = message;
    this.#metadata = metadata;
    this.#scope = scope;
    this.begun = new Promise((resolve) => (this.#setBegun = resolve));
    this.#reader = new MessageReader(
      target.maxReplyBytes,
      (bytes) => new CallError("bad-reply", `${target.authority} answered ${bytes} bytes`),
    );
    this.#detach = scope.onCancel((error) => {
      this.#finish(error);
    });
  }

  get isSent(): boolean {
    return this.#stream !== undefined;
  }

  /** Sends the call. */
  start(connection: ClientConnection): void {
    if (this.#end !== undefined) return;
    this.#connection = connection;
    const headers = requestHeaders(this.#path, this.#target, this.#metadata, this.#scope);
    this.#stream = connection.request(headers, this, false);
    this.#stream.returnsAtOnce = false;
    sendData(this.#stream, messagePrefix(this.#message.length), this.#message, true);
  }

  /** The call was not sent, for this reason or because it may go elsewhere. */
  giveUp(reason: CallError | NotBegun): void {
    if (typeof reason === "string") this.#setBegun(reason);
    const { authority } = this.#target;
    this.#finish(typeof reason === "string" ? new CallError("unreachable", `${authority} refused the call`) : reason);
  }

  /** The next message; undefined when the node has sent its last. Throws CallError. One reader at a time. */
  async read(): Promise<Buffer | undefined> {
    for (;;) {
      const message = this.#next();
      if (message !== undefined) return message;
      if (this.#end === "ok") return undefined;
      if (this.#end !== undefined) throw this.#end;
      if (this.#stream !== undefined) this.#connection?.consume(this.#stream, this.#unreturnedBytes);
      this.#unreturnedBytes = 0;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Calls `listener` once, when the call has ended; `failure` is why it did not end well. */
  whenOver(listener: (failure: CallError | undefined) => void): void {
    this.#whenOver = listener;
    if (this.#end !== undefined) this.#tellOver(this.#end);
  }

  /** Wants no more of it. */
  cancel(): void {
    this.#finish(new CallError("cancelled", "nobody waits for the rest"));
  }

  onHeaders(headers: readonly string[], isEnd: boolean): void {
    if (this.#httpStatus === 0) {
      this.#httpStatus = Number(headerOf(headers, ":status") ?? "0");
      this.#setBegun(undefined);
      if (!isEnd && this.#httpStatus === 200) return;
    }
    this.#finish(statusError(headers, this.#httpStatus) ?? "ok");
  }

  onData(chunk: Buffer, isEnd: boolean): void {
    this.#reader.push(chunk);
    this.#unreturnedBytes += chunk.length;
    if (isEnd) this.#finish(resetError(this.#target.authority, ERROR.NO_ERROR, Infinity));
    else this.#wakeUp();
  }

  onReset(code: number, lost: Error | undefined): void {
    if (lost === undefined && code === ERROR.REFUSED_STREAM) {
      this.giveUp("refused");
      return;
    }
    const { authority } = this.#target;
    const why = lost === undefined ? resetError(authority, code, this.#scope.deadlineMs) : undefined;
    this.#finish(why ?? new CallError("unreachable", `the connection to ${authority} was lost`));
  }

  onDrain(): void {}

  #next(): Buffer | undefined {
    const message = this.#reader.next();
    if (message?.isCompressed === true) {
      throw nodeGrpcError(GRPC.INTERNAL, "the answer is compressed, which was not asked for");
    }
    return message?.body;
  }

  #finish(end: CallError | "ok"): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#setBegun(undefined);
    this.#detach();
    if (this.#stream !== undefined) resetStream(this.#stream, ERROR.CANCEL);
    this.#target.onOver(this);
    this.#tellOver(end);
    this.#wakeUp();
  }

  #tellOver(end: CallError | "ok"): void {
    const listener = this.#whenOver;
    this.#whenOver = undefined;
    listener?.(end === "ok" ? undefined : end);
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
