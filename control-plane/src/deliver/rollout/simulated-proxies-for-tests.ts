import type { AvailablePod } from "./simulated-pods-for-tests.ts";
import { missing } from "./missing.ts";

/** Proxies of a mesh: tables reach them at once, endpoints seconds late. */
export class SimulatedProxies {
  readonly #lateTicks: number;
  /** The pods that answered, the latest first. */
  readonly #seen: (readonly AvailablePod[])[] = [];
  #named: ReadonlySet<string> = new Set();

  constructor(lateTicks: number) {
    this.#lateTicks = lateTicks;
  }

  /** Predictors that their table names. */
  get named(): ReadonlySet<string> {
    return this.#named;
  }

  /** A second has gone by; these pods answer now. */
  tick(available: readonly AvailablePod[]): void {
    this.#seen.unshift(available);
    this.#seen.splice(this.#lateTicks + 1);
  }

  /** Whether they know a pod with these labels. */
  know(labels: Readonly<Record<string, string>>): boolean {
    return (this.#seen[this.#lateTicks] ?? []).some((pod) => missing(labels, pod.labels) === undefined);
  }

  /** A new table; those whom the one before did not name. */
  take(predictors: readonly string[]): readonly string[] {
    const before = this.#named;
    this.#named = new Set(predictors);
    return predictors.filter((name) => !before.has(name));
  }
}
