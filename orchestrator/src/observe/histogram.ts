/** Upper bounds in seconds, as Seldon's executor has them. */
export const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
/** Quantiles of the summary beside each histogram. */
export const QUANTILES = [0.5, 0.75, 0.9, 0.98, 0.99, 1] as const;

const AGE_WINDOWS = 5;
const WINDOW_MS = 120_000;
const SMALLEST_SECONDS = 1e-5;
const GROWTH_LOG = Math.log(1.05);
const SKETCH_BUCKETS = 400;

/** Durations of one series: a histogram since the start, and quantiles (within 5 %) of the last ten minutes. */
export class DurationSeries {
  /** Observations per bucket, not cumulated; the last one has no upper bound. */
  readonly buckets = new Float64Array(BUCKETS_SECONDS.length + 1);
  sumSeconds = 0;
  count = 0;
  readonly #windows: Uint32Array[] = [];
  readonly #maxima = new Float64Array(AGE_WINDOWS);
  #head = 0;
  #headStartMs: number;

  constructor(nowMs: number) {
    this.#headStartMs = nowMs;
    for (let i = 0; i < AGE_WINDOWS; i += 1) this.#windows.push(new Uint32Array(SKETCH_BUCKETS));
  }

  observe(seconds: number, nowMs: number): void {
    let bucket = 0;
    while (bucket < BUCKETS_SECONDS.length && seconds > (BUCKETS_SECONDS[bucket] ?? 0)) bucket += 1;
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.sumSeconds += seconds;
    this.count += 1;
    this.#rotate(nowMs);
    const window = this.#windows[this.#head];
    const slot = sketchSlot(seconds);
    if (window !== undefined) window[slot] = (window[slot] ?? 0) + 1;
    if (seconds > (this.#maxima[this.#head] ?? 0)) this.#maxima[this.#head] = seconds;
  }

  /** The values of QUANTILES in seconds; NaN where nothing was observed lately. */
  quantiles(nowMs: number): number[] {
    this.#rotate(nowMs);
    const counts = new Float64Array(SKETCH_BUCKETS);
    let total = 0;
    for (const window of this.#windows) {
      for (let i = 0; i < SKETCH_BUCKETS; i += 1) {
        const here = window[i] ?? 0;
        counts[i] = (counts[i] ?? 0) + here;
        total += here;
      }
    }
    const max = Math.max(...this.#maxima);
    return QUANTILES.map((quantile) => {
      if (total === 0) return NaN;
      if (quantile === 1) return max;
      let seen = 0;
      for (let i = 0; i < SKETCH_BUCKETS; i += 1) {
        seen += counts[i] ?? 0;
        if (seen >= quantile * total) return Math.min(max, sketchValue(i));
      }
      return max;
    });
  }

  #rotate(nowMs: number): void {
    for (let steps = 0; nowMs - this.#headStartMs >= WINDOW_MS && steps < AGE_WINDOWS; steps += 1) {
      this.#head = (this.#head + 1) % AGE_WINDOWS;
      this.#windows[this.#head]?.fill(0);
      this.#maxima[this.#head] = 0;
      this.#headStartMs += WINDOW_MS;
    }
    if (nowMs - this.#headStartMs >= WINDOW_MS) this.#headStartMs = nowMs;
  }
}

function sketchSlot(seconds: number): number {
  if (seconds <= SMALLEST_SECONDS) return 0;
  return Math.min(SKETCH_BUCKETS - 1, Math.ceil(Math.log(seconds / SMALLEST_SECONDS) / GROWTH_LOG));
}

function sketchValue(slot: number): number {
  return SMALLEST_SECONDS * Math.exp(slot * GROWTH_LOG);
}
