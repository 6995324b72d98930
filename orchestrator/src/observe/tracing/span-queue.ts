import type { Span } from "./span.ts";

export interface SpanQueueLimits {
  /** Ended spans that may wait; more are dropped. */
  readonly maxSpans: number;
  readonly maxBatchSpans: number;
  /** How long spans may wait for others to go with. */
  readonly delayMs: number;
  readonly exportTimeoutMs: number;
}

/** What became of ended spans, since the start. */
export interface SpanCounts {
  readonly exported: number;
  /** For want of room in the queue. */
  readonly dropped: number;
  /** Sent, but not taken by the collector. */
  readonly failed: number;
}

/** Spans on their way to the collector: sent in batches, one at a time, in memory that is bounded. */
export class SpanQueue {
  readonly #limits: SpanQueueLimits;
  readonly #send: (spans: readonly Span[]) => Promise<void>;
  readonly #onLoss: (why: string) => void;
  #waiting: Span[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #exported = 0;
  #dropped = 0;
  #failed = 0;

  /** `send` rejects when the collector did not take the spans; `onLoss` hears of every loss. */
  constructor(limits: SpanQueueLimits, send: (spans: readonly Span[]) => Promise<void>, onLoss: (why: string) => void) {
    this.#limits = limits;
    this.#send = send;
    this.#onLoss = onLoss;
  }

  get counts(): SpanCounts {
    return { exported: this.#exported, dropped: this.#dropped, failed: this.#failed };
  }

  add(span: Span): void {
    if (this.#waiting.length >= this.#limits.maxSpans) {
      this.#dropped += 1;
      this.#onLoss("spans end faster than the collector takes them");
      return;
    }
    this.#waiting.push(span);
    if (this.#sending !== undefined) return;
    if (this.#waiting.length >= this.#limits.maxBatchSpans) this.#sendBatch();
    else this.#wait();
  }

  /** Sends all that has ended so far, for at most `timeoutMs`. True when the collector was told everything. */
  async flush(timeoutMs: number): Promise<boolean> {
    const endMs = performance.now() + timeoutMs;
    while (this.#waiting.length > 0 || this.#sending !== undefined) {
      const failedBefore = this.#failed;
      this.#sendBatch();
      const left = endMs - performance.now();
      if (left <= 0 || !(await inTime(this.#sending, left))) return false;
      // A collector that is away stays away for this long.
      if (this.#failed > failedBefore) return false;
    }
    return true;
  }

  #wait(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#sendBatch();
    }, this.#limits.delayMs).unref();
  }

  #sendBatch(): void {
    if (this.#sending !== undefined || this.#waiting.length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#waiting.splice(0, this.#limits.maxBatchSpans);
    this.#sending = this.#deliver(batch).finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length >= this.#limits.maxBatchSpans) this.#sendBatch();
      else if (this.#waiting.length > 0) this.#wait();
    });
  }

  async #deliver(batch: readonly Span[]): Promise<void> {
    try {
      const timeoutMs = this.#limits.exportTimeoutMs;
      if (!(await inTime(this.#send(batch), timeoutMs, "background"))) throw new Error("it took too long");
      this.#exported += batch.length;
    } catch (error) {
      this.#failed += batch.length;
      this.#onLoss(`the collector did not take spans: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** True when the work ended in time. Work in the background keeps no process alive. */
async function inTime(work: Promise<void> | undefined, timeoutMs: number, kind?: "background"): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
    if (kind === "background") timer.unref();
  });
  try {
    return await Promise.race([Promise.resolve(work).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
