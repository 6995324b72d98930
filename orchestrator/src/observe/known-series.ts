import type { DurationSeries } from "./histogram.ts";

/** What differs between the series of one node, or of one server. */
interface Known {
  readonly service: string;
  readonly method: string;
  readonly code: string;
  readonly series: DurationSeries;
}

/** More services than this of one node share the name `other`. */
const MAX_SERVICES = 64;
const OTHER = "other";

/** Series found again by service, method and code in some nanoseconds: a request has few, and mostly the same ones. */
export class KnownSeries {
  readonly #make: (service: string, method: string, code: string) => DurationSeries;
  readonly #services = new Set<string>();
  readonly #known: Known[] = [];

  constructor(make: (service: string, method: string, code: string) => DurationSeries) {
    this.#make = make;
  }

  find(service: string, method: string, code: string): DurationSeries {
    for (const one of this.#known) {
      if (one.service === service && one.code === code && one.method === method) return one.series;
    }
    const isBeyond = this.#services.size >= MAX_SERVICES && !this.#services.has(service);
    if (isBeyond && service !== OTHER) return this.find(OTHER, method, code);
    if (!isBeyond) this.#services.add(service);
    const series = this.#make(service, method, code);
    this.#known.push({ service, method, code, series });
    return series;
  }
}
