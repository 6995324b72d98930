import { asCallError, CallError } from "../../execute/call-error.ts";
import { Scope } from "../../execute/scope.ts";
import { messagePrefix } from "../../grpc/message-reader.ts";
import { headerOf } from "../../http2/request-headers.ts";
import { MAX_UNSENT_BYTES } from "../../http2/limits.ts";
import { ERROR } from "../../http2/protocol.ts";
import { resetStream, sendData, sendHeaders, sendTrailers } from "../../http2/send.ts";
import type { ServerConnection } from "../../http2/server-connection.ts";
import type { Stream } from "../../http2/stream.ts";
import { deadlineOf } from "../../policy/deadline.ts";
import { encodeStatusText } from "./status-text.ts";

/** What the calls of one port may take. */
export interface CallLimits {
  readonly maxMessageBytes: number;
  /** Bytes of unfinished messages on one connection. */
  readonly maxHeldBytes: number;
}

/** A stream of a client with what came first on it. */
export interface OpenedCall {
  readonly stream: Stream;
  readonly connection: ServerConnection;
  /** Name, value, name, value, … */
  readonly headers: readonly string[];
}

const ANSWER_HEADERS = [":status", "200", "content-type", "application/grpc"] as const;
const OK_TRAILERS = ["grpc-status", "0"] as const;
/** A REST node's own words that go along with its status. */
const MAX_REPLY_TEXT_BYTES = 1024;

/** One gRPC call that came in: what the client said first, and how it is answered. */
export abstract class ServerCall {
  readonly headers: readonly string[];
  /** The full method. */
  readonly path: string;
  readonly startedMs = performance.now();
  /** Cancelled when the client goes away or its deadline passes. */
  readonly scope: Scope;
  /** Headers of the answer, name, value, …; add before the first message is sent. */
  readonly answerHeaders: string[] = [];
  protected readonly stream: Stream;
  protected readonly connection: ServerConnection;
  #heldBytes = 0;
  #hasAnswered = false;
  #isOver = false;

  constructor({ stream, connection, headers }: OpenedCall) {
    this.stream = stream;
    this.connection = connection;
    this.headers = headers;
    this.path = headerOf(headers, ":path") ?? "";
    const timeoutMs = headerOf(headers, "x-graphway-timeout-ms");
    this.scope = new Scope(deadlineOf(timeoutMs, headerOf(headers, "grpc-timeout")));
  }

  /** True once the client has its answer, or does not wait for one any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends one message. */
  protected sendMessage(message: Buffer): void {
    if (this.#isOver) return;
    if (this.connection.unsentBytes > MAX_UNSENT_BYTES) {
      // A client that asks for much and reads nothing of it.
      resetStream(this.stream, ERROR.ENHANCE_YOUR_CALM);
      this.onReset();
      return;
    }
    if (!this.#hasAnswered) {
      this.#hasAnswered = true;
      sendHeaders(this.stream, [...ANSWER_HEADERS, ...this.answerHeaders], false);
    }
    sendData(this.stream, messagePrefix(message.length), message, false);
  }

  /** Ends the call well. */
  protected succeed(): void {
    if (this.#isOver) return;
    if (this.#hasAnswered) sendTrailers(this.stream, OK_TRAILERS);
    else sendHeaders(this.stream, [...ANSWER_HEADERS, ...this.answerHeaders, ...OK_TRAILERS], true);
    this.#end();
  }

  /** Ends the call with the error's code and text. */
  protected fail(error: unknown): void {
    if (this.#isOver) return;
    const failure = asCallError(error);
    const status = ["grpc-status", String(failure.grpcCode), "grpc-message", encodeStatusText(failureText(failure))];
    if (failure.statusDetails !== undefined) status.push("grpc-status-details-bin", failure.statusDetails);
    if (this.#hasAnswered) sendTrailers(this.stream, status);
    else sendHeaders(this.stream, [...ANSWER_HEADERS, ...this.answerHeaders, ...status], true);
    this.#end();
  }

  onReset(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.hold(0);
    this.scope.cancel(new CallError("cancelled", "the client went away"));
  }

  /** How many bytes of this call wait. */
  protected hold(bytes: number): void {
    this.connection.heldBytes += bytes - this.#heldBytes;
    this.#heldBytes = bytes;
  }

  #end(): void {
    this.#isOver = true;
    this.hold(0);
    this.scope.end();
  }
}

/** A REST node's own words say more than "node x answered 400". */
function failureText(failure: CallError): string {
  if (failure.reply === undefined) return failure.message;
  const text = failure.reply.body.toString("utf8", 0, MAX_REPLY_TEXT_BYTES);
  return text === "" ? failure.message : `${failure.message}: ${text}`;
}
