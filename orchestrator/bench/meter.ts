import { addLatency, type Latencies } from "./latencies.ts";
import type { LoadFigures, LoadJob } from "./load-job.ts";

/** Counts the calls of a job, and says when it is over. */
export class Meter {
  readonly #startMs = performance.now();
  readonly #endMs: number;
  readonly #maxCalls: number;
  readonly #latencies: Latencies = [];
  #calls = 0;
  #totalMs = 0;

  constructor(job: LoadJob) {
    this.#endMs = this.#startMs + job.seconds * 1000;
    this.#maxCalls = job.requests ?? Infinity;
  }

  /** Counts one call from `sentMs` to now; returns now, or undefined when no further call shall be made. */
  count(sentMs: number): number | undefined {
    const nowMs = performance.now();
    this.#calls += 1;
    this.#totalMs += nowMs - sentMs;
    addLatency(this.#latencies, (nowMs - sentMs) * 1000);
    return nowMs < this.#endMs && this.#calls < this.#maxCalls ? nowMs : undefined;
  }

  figures(): LoadFigures {
    return {
      calls: this.#calls,
      elapsedMs: performance.now() - this.#startMs,
      totalMs: this.#totalMs,
      latencies: this.#latencies,
    };
  }
}
