import type { Clock } from "../clock.ts";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** A clock that moves when it is told to, and lets everything run that a moment sets off. */
export class SteppedClock implements Clock {
  #monotonicMs = 0;
  /** What the wall clock is ahead of the other. */
  wallAheadMs = Date.UTC(2026, 0, 1);
  chance = 0.5;
  readonly #timers = new Set<Timer>();

  nowMs(): number {
    return this.#monotonicMs + this.wallAheadMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  random(): number {
    return this.chance;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#monotonicMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Goes through the time from timer to timer. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    for (;;) {
      await settle();
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#monotonicMs = Math.max(this.#monotonicMs, next.atMs);
      this.#timers.delete(next);
      next.callback();
    }
    this.#monotonicMs = endMs;
    await settle();
  }

  /** Goes through the time in one leap, as a machine that slept: what came due on the way is called once, at its end. */
  leap(ms: number): void {
    this.#monotonicMs += ms;
    for (const timer of [...this.#timers].filter(({ atMs }) => atMs <= this.#monotonicMs)) {
      this.#timers.delete(timer);
      timer.callback();
    }
  }
}

/** Lets promises that are ready run on, and what they make ready. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resume) => setImmediate(resume));
}
