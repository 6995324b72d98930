import { BUCKETS_SECONDS, DurationSeries, QUANTILES } from "./histogram.ts";
import { formatValue, headOf, labelText } from "./exposition.ts";
import type { Family } from "./families.ts";

/** Bounds memory and the size of a scrape, whatever nodes or clients make up; what is beyond shares one series. */
const MAX_SERIES = 5000;
const OTHER = "other";

const BOUNDS = [...BUCKETS_SECONDS, Infinity].map((bound) => `,le="${formatValue(bound)}"} `);
const QUANTILE_LABELS = QUANTILES.map((quantile) => `,quantile="${quantile}"} `);

/** Durations as histogram and as summary, one series per set of labels. */
export class DurationFamily {
  readonly #histogram: Family;
  readonly #summary: Family;
  readonly #series = new Map<string, DurationSeries>();

  constructor(histogram: Family, summary: Family) {
    this.#histogram = histogram;
    this.#summary = summary;
  }

  /** The series of the labels' values, made when it is first asked for. Callers keep it: finding it again costs more. */
  series(values: readonly string[]): DurationSeries {
    const { labels } = this.#histogram;
    let key = labelText(labels, values);
    let found = this.#series.get(key);
    if (found === undefined && this.#series.size >= MAX_SERIES) {
      key = labelText(
        labels,
        labels.map(() => OTHER),
      );
      found = this.#series.get(key);
    }
    if (found === undefined) {
      found = new DurationSeries(performance.now());
      this.#series.set(key, found);
    }
    return found;
  }

  /** Prometheus text of both metrics; nothing before the first observation. */
  render(): string {
    if (this.#series.size === 0) return "";
    const nowMs = performance.now();
    let histogram = headOf(this.#histogram);
    let summary = headOf(this.#summary);
    for (const [labels, series] of this.#series) {
      histogram += histogramLines(`${this.#histogram.name}_`, labels, series);
      summary += summaryLines(this.#summary.name, labels, series, nowMs);
    }
    return histogram + summary;
  }
}

function histogramLines(prefix: string, labels: string, series: DurationSeries): string {
  const { buckets } = series;
  const head = `${prefix}bucket{${labels}`;
  let text = "";
  let cumulated = 0;
  for (let i = 0; i < BOUNDS.length; i += 1) {
    cumulated += buckets[i] ?? 0;
    text += `${head}${BOUNDS[i] ?? ""}${cumulated}\n`;
  }
  return `${text}${prefix}sum{${labels}} ${series.sumSeconds}\n${prefix}count{${labels}} ${series.count}\n`;
}

function summaryLines(name: string, labels: string, series: DurationSeries, nowMs: number): string {
  const values = series.quantiles(nowMs);
  let text = "";
  for (let i = 0; i < values.length; i += 1) text += `${name}{${labels}${QUANTILE_LABELS[i] ?? ""}${values[i] ?? 0}\n`;
  return `${text}${name}_sum{${labels}} ${series.sumSeconds}\n${name}_count{${labels}} ${series.count}\n`;
}
