/** Counts of durations in buckets that grow by 2 %, from 1 µs: exact enough for quantiles, and rounds can be added. */
export type Latencies = number[];

const GROWTH_LOG = Math.log(1.02);

export function addLatency(latencies: Latencies, micros: number): void {
  const slot = micros <= 1 ? 0 : Math.round(Math.log(micros) / GROWTH_LOG);
  while (latencies.length <= slot) latencies.push(0);
  latencies[slot] = (latencies[slot] ?? 0) + 1;
}

export function addAll(into: Latencies, from: Latencies): void {
  for (let i = 0; i < from.length; i += 1) into[i] = (into[i] ?? 0) + (from[i] ?? 0);
}

/** The duration in ms that `quantile` of all stayed below; NaN of none. */
export function quantileMs(latencies: Latencies, quantile: number): number {
  let total = 0;
  for (let i = 0; i < latencies.length; i += 1) total += latencies[i] ?? 0;
  let seen = 0;
  for (let i = 0; i < latencies.length; i += 1) {
    seen += latencies[i] ?? 0;
    if (total > 0 && seen >= quantile * total) return Math.exp(i * GROWTH_LOG) / 1000;
  }
  return NaN;
}
