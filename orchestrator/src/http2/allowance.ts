/** So much at once, and so much more per second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket: what a peer may do that costs us more than it. */
export class Allowance {
  readonly #rate: Rate;
  #left: number;
  #atMs = performance.now();

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#left = rate.burst;
  }

  /** Takes `cost`; false when there is not as much. */
  take(cost: number): boolean {
    this.#left -= cost;
    if (this.#left >= 0) return true;
    // The clock is read only once what was saved up is spent.
    const nowMs = performance.now();
    const { burst, perSecond } = this.#rate;
    this.#left = Math.min(burst - cost, this.#left + ((nowMs - this.#atMs) * perSecond) / 1000);
    this.#atMs = nowMs;
    return this.#left >= 0;
  }
}
