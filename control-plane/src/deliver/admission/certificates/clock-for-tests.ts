import type { Clock } from "../../../kubernetes-api/clock.ts";

/** A clock that moves when it is told to. */
export class SteppedClock implements Clock {
  #nowMs: number;
  readonly #waiting = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  random(): number {
    return 0.5;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#waiting.add(timer);
    return () => this.#waiting.delete(timer);
  }

  /** Timers that are set. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Moves on and calls what is due. */
  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#waiting].filter(({ atMs }) => atMs <= this.#nowMs)) {
      this.#waiting.delete(timer);
      timer.callback();
    }
  }
}
