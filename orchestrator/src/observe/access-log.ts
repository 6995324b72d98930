import type { Logger } from "./log.ts";

/** One answered request, as the access log tells it. */
export interface AccessEntry {
  readonly puid: string;
  readonly transport: string;
  readonly path: string;
  /** HTTP status, or the gRPC code's name. */
  readonly status: string;
  readonly durationMs: number;
  /** `node=1;other=-1`. */
  readonly routing: string;
  readonly shadow: boolean;
  /** Empty: not traced. */
  readonly traceId: string;
  /** Why it failed; empty when it did not. */
  readonly error: string;
}

const MAX_LINES_PER_SECOND = 100;
const MAX_TEXT_CHARS = 256;

/** A line for a random share of the requests, at most a hundred a second; what is left out is counted on the next. */
export class AccessLog {
  readonly #log: Logger;
  readonly #share: number;
  readonly #random: () => number;
  #second = -1;
  #lines = 0;
  #leftOut = 0;

  /** `share` of the requests, 0 to 1. */
  constructor(log: Logger, share: number, random: () => number = Math.random) {
    this.#log = log;
    this.#share = share;
    this.#random = random;
  }

  /** Whether the next request is told; ask before making its entry. */
  takes(): boolean {
    if (this.#random() >= this.#share) return false;
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
    }
    if (this.#lines >= MAX_LINES_PER_SECOND) {
      this.#leftOut += 1;
      return false;
    }
    this.#lines += 1;
    return true;
  }

  write(entry: AccessEntry): void {
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    this.#log.info(
      {
        puid: bounded(entry.puid),
        transport: entry.transport,
        path: bounded(entry.path),
        status: entry.status,
        duration_ms: Math.round(entry.durationMs * 1000) / 1000,
        routing: bounded(entry.routing),
        ...(entry.shadow ? { shadow: true } : {}),
        ...(entry.traceId === "" ? {} : { trace_id: entry.traceId }),
        ...(entry.error === "" ? {} : { error: bounded(entry.error) }),
        ...(leftOut === 0 ? {} : { left_out: leftOut }),
      },
      "request",
    );
  }
}

function bounded(text: string): string {
  return text.length > MAX_TEXT_CHARS ? `${text.slice(0, MAX_TEXT_CHARS)}…` : text;
}
