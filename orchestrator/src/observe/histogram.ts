/** Upper bounds in seconds, as Seldon's executor has them. */
export const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
/** Quantiles of the summary beside each histogram. */
export const QUANTILES = [0.5, 0.75, 0.9, 0.98, 0.99, 1] as const;

const AGE_WINDOWS = 5;
const WINDOW_MS = 120_000;
const SMALLEST_SECONDS = 1e-5;
const GROWTH_LOG = Math.log(1.05);
const SKETCH_BUCKETS = 400;
const BOUNDS = Float64Array.from(BUCKETS_SECONDS);

/** The durations of two minutes: how many fell into each of the slots that grow by 5 %, and the largest. */
class Sketch {
  readonly counts = new Uint32Array(SKETCH_BUCKETS);
  total = 0;
  max = 0;
  low = SKETCH_BUCKETS;
  high = -1;

  add(seconds: number): void {
    const slot = sketchSlot(seconds);
    this.counts[slot] = (this.counts[slot] ?? 0) + 1;
    this.total += 1;
    if (slot < this.low) this.low = slot;
    if (slot > this.high) this.high = slot;
    if (seconds > this.max) this.max = seconds;
  }
}

/** Durations of one series: a histogram since the start, and quantiles (within 5 %) of the last ten minutes. */
export class DurationSeries {
  /** Observations per bucket, not cumulated; the last one has no upper bound. */
  readonly buckets = new Float64Array(BUCKETS_SECONDS.length + 1);
  sumSeconds = 0;
  count = 0;
  /** The newest is the last. */
  readonly #windows: Sketch[];
  #head: Sketch;
  #headStartMs: number;

  constructor(nowMs: number) {
    this.#head = new Sketch();
    this.#windows = [this.#head];
    this.#headStartMs = nowMs;
  }

  observe(seconds: number, nowMs: number): void {
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] ?? 0)) bucket += 1;
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.sumSeconds += seconds;
    this.count += 1;
    if (nowMs - this.#headStartMs >= WINDOW_MS) this.#rotate(nowMs);
    this.#head.add(seconds);
  }

  /** The values of QUANTILES in seconds; NaN where nothing was observed lately. */
  quantiles(nowMs: number): number[] {
    if (nowMs - this.#headStartMs >= WINDOW_MS) this.#rotate(nowMs);
    const windows = this.#windows.filter((one) => one.total > 0);
    const [only] = windows;
    if (only === undefined) return QUANTILES.map(() => Number.NaN);
    const merged = windows.length === 1 ? only : merge(windows);
    const { counts, total, max, low, high } = merged;
    const values: number[] = [];
    let seen = 0;
    let slot = low - 1;
    for (const quantile of QUANTILES) {
      while (slot < high && seen < quantile * total) {
        slot += 1;
        seen += counts[slot] ?? 0;
      }
      values.push(quantile === 1 ? max : Math.min(max, sketchValue(slot)));
    }
    return values;
  }

  #rotate(nowMs: number): void {
    const steps = Math.floor((nowMs - this.#headStartMs) / WINDOW_MS);
    for (let i = 0; i < Math.min(steps, AGE_WINDOWS); i += 1) {
      this.#head = new Sketch();
      this.#windows.push(this.#head);
    }
    this.#windows.splice(0, this.#windows.length - AGE_WINDOWS);
    this.#headStartMs += steps * WINDOW_MS;
  }
}

function merge(windows: readonly Sketch[]): Sketch {
  const merged = new Sketch();
  for (const { counts, total, max, low, high } of windows) {
    for (let i = low; i <= high; i += 1) merged.counts[i] = (merged.counts[i] ?? 0) + (counts[i] ?? 0);
    merged.total += total;
    merged.max = Math.max(merged.max, max);
    merged.low = Math.min(merged.low, low);
    merged.high = Math.max(merged.high, high);
  }
  return merged;
}

function sketchSlot(seconds: number): number {
  if (seconds <= SMALLEST_SECONDS) return 0;
  return Math.min(SKETCH_BUCKETS - 1, Math.ceil(Math.log(seconds / SMALLEST_SECONDS) / GROWTH_LOG));
}

function sketchValue(slot: number): number {
  return SMALLEST_SECONDS * Math.exp(slot * GROWTH_LOG);
}
