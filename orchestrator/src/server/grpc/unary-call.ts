import { CallError, GRPC, nodeGrpcError } from "../../execute/call-error.ts";
import { headerOf } from "../../http2/request-headers.ts";
import type { StreamEvents } from "../../http2/stream.ts";
import { answerTooLarge, messageTooLarge, plainMessage } from "./inflate-message.ts";
import { MessageReader, type RawMessage } from "../../grpc/message-reader.ts";
import type { UnaryMethod } from "./method.ts";
import { ServerCall, type CallLimits, type OpenedCall } from "./server-call.ts";

/** A call with one message each way. */
export class UnaryCall extends ServerCall implements StreamEvents {
  readonly #method: UnaryMethod;
  readonly #limits: CallLimits;
  readonly #reader: MessageReader;
  #message: RawMessage | undefined = undefined;

  constructor(opened: OpenedCall, method: UnaryMethod, limits: CallLimits) {
    super(opened);
    this.#method = method;
    this.#limits = limits;
    this.#reader = new MessageReader(limits.maxMessageBytes, messageTooLarge);
    if (opened.stream.isRemoteClosed) this.#complete();
  }

  onHeaders(): void {
    this.#complete();
  }

  onData(chunk: Buffer, isEnd: boolean): void {
    if (this.isOver) return;
    try {
      this.#reader.push(chunk);
      this.#read();
    } catch (error) {
      this.fail(error);
      return;
    }
    if (isEnd) this.#complete();
    else this.#holdWhatCame();
  }

  onDrain(): void {}

  #read(): void {
    const message = this.#reader.next();
    if (message === undefined) return;
    if (this.#message !== undefined || this.#reader.bytes > 0) {
      throw nodeGrpcError(GRPC.INTERNAL, "a call with one request message got more than one");
    }
    this.#message = message;
  }

  #holdWhatCame(): void {
    this.hold(this.#reader.bytes + (this.#message?.body.length ?? 0));
    if (this.connection.heldBytes <= this.#limits.maxHeldBytes) return;
    this.fail(new CallError("too-large", "too many unfinished messages on one connection"));
  }

  #complete(): void {
    if (this.isOver) return;
    const message = this.#message;
    if (message !== undefined && this.#reader.bytes === 0) {
      void this.#run(message);
      return;
    }
    const isCut = this.#reader.bytes > 0;
    this.fail(nodeGrpcError(GRPC.INTERNAL, isCut ? "unexpected EOF in a message" : "the call has no request message"));
  }

  async #run(message: RawMessage): Promise<void> {
    try {
      const encoding = message.isCompressed ? (headerOf(this.headers, "grpc-encoding") ?? "") : "";
      const plain = message.isCompressed
        ? await plainMessage(message, encoding, this.#limits.maxMessageBytes)
        : message.body;
      const answer = await this.#method.answer(this, plain);
      const { maxMessageBytes } = this.#limits;
      if (answer.length > maxMessageBytes) throw answerTooLarge(answer.length, maxMessageBytes);
      this.sendMessage(answer);
      this.succeed();
    } catch (error) {
      this.fail(error);
    }
  }
}
