import { BUCKETS_SECONDS, DurationSeries, QUANTILES } from "./histogram.ts";

type Labels = Readonly<Record<string, string>>;

/** A family of durations: `<name>` as histogram and `<name>_summary` as summary, one series per set of labels. */
export class DurationFamily {
  readonly #name: string;
  readonly #help: string;
  readonly #series = new Map<string, DurationSeries>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  /** The series of the labels, made when it is first asked for. Callers keep it: finding it again costs more. */
  series(labels: Labels): DurationSeries {
    const key = labelText(labels);
    let found = this.#series.get(key);
    if (found === undefined) {
      found = new DurationSeries(performance.now());
      this.#series.set(key, found);
    }
    return found;
  }

  /** Prometheus text of both metrics; nothing before the first observation. */
  render(): string {
    if (this.#series.size === 0) return "";
    const lines = [`# HELP ${this.#name} ${this.#help}`, `# TYPE ${this.#name} histogram`];
    for (const [labels, series] of this.#series) {
      let cumulated = 0;
      for (const [i, bound] of [...BUCKETS_SECONDS, Infinity].entries()) {
        cumulated += series.buckets[i] ?? 0;
        lines.push(`${this.#name}_bucket{${labels},le="${bound === Infinity ? "+Inf" : bound}"} ${cumulated}`);
      }
      lines.push(`${this.#name}_sum{${labels}} ${series.sumSeconds}`, `${this.#name}_count{${labels}} ${series.count}`);
    }
    const summary = `${this.#name}_summary`;
    lines.push(`# HELP ${summary} ${this.#help}`, `# TYPE ${summary} summary`);
    for (const [labels, series] of this.#series) {
      for (const [i, value] of series.quantiles(performance.now()).entries()) {
        lines.push(`${summary}{${labels},quantile="${QUANTILES[i] ?? ""}"} ${value}`);
      }
      lines.push(`${summary}_sum{${labels}} ${series.sumSeconds}`, `${summary}_count{${labels}} ${series.count}`);
    }
    return `${lines.join("\n")}\n`;
  }
}

/** One counter or gauge without labels. */
export function renderValue(name: string, type: "counter" | "gauge", help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`;
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(",");
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
