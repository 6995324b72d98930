import { Readable } from "node:stream";
import type { CallError } from "../../execute/call-error.ts";
import type { StreamedReply, TakeStream } from "../../execute/streamed-reply.ts";
import { patientTimeout } from "../patient-timeout.ts";
import type { ReplyHead } from "./reply-head.ts";

/** How much is read ahead of a slow reader. */
const AHEAD_BYTES = 64 * 1024;
/** How long a reply of unknown length may take to turn out a short one: what goes wrong in it still gets an error. */
const SHORT_REPLY_MS = 100;
/** A reply of unknown length that is larger is not waited for. */
export const SHORT_REPLY_BYTES = 64 * 1024;

/** Types of replies that are sequences of events or records. */
const STREAM_TYPES = /^(?:text\/event-stream|application\/(?:x-ndjson|jsonl|json-seq|stream\+json))\b/i;

/** When a reply is handed on as it arrives: at once, if it does not end soon, or never. */
export function streamingOf(head: ReplyHead): "at-once" | "if-long" | "never" {
  if (head.status !== 200 || head.framing === 0) return "never";
  if (STREAM_TYPES.test(head.contentType)) return "at-once";
  return typeof head.framing === "number" ? "never" : "if-long";
}

/** Returns what stops it. */
export function whenLong(open: () => void): () => void {
  return patientTimeout(SHORT_REPLY_MS, open);
}

/** The body of a reply on its way from its connection to whoever takes it. */
export class ReplyStream {
  readonly #body: Readable;
  /** Settles as `take` does. */
  readonly taken: Promise<void>;

  /** `readOn` is called when more may come, after `push` said false. */
  constructor(head: ReplyHead, take: TakeStream, readOn: () => void) {
    this.#body = new Readable({ highWaterMark: AHEAD_BYTES, read: readOn });
    this.#body.on("error", () => {
      // Whoever takes the stream hears of it by reading; nobody else needs to.
    });
    const { contentType, contentEncoding, jsonLength } = head;
    const reply: StreamedReply = { contentType, contentEncoding, jsonLength, body: this.#body };
    this.taken = take(reply);
  }

  /** False: no more until `readOn`. */
  push(chunk: Buffer): boolean {
    return this.#body.push(chunk);
  }

  end(): void {
    this.#body.push(null);
  }

  fail(error: CallError): void {
    this.#body.destroy(error);
  }
}
