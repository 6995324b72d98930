import { countersOf, mergeMetrics } from "./merge-metrics.ts";

/** A worker that does not say its metrics in time is shown as it was last. */
const RENDER_TIMEOUT_MS = 1000;

interface Round {
  readonly missing: Set<number>;
  readonly done: () => void;
}

/** Metrics of all workers as one text; workers go by their index. */
export class GatherMetrics {
  readonly #rounds = new Map<number, Round>();
  readonly #lastTexts = new Map<number, string>();
  #count = 0;
  /** Counters of workers that have ended. */
  #departed = "";

  /** Everybody's metrics, with those of the workers that are gone. `ask` sends a round's number to a worker. */
  async all(workers: readonly number[], ask: (worker: number, round: number) => void): Promise<string> {
    this.#count += 1;
    const round = this.#count;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, RENDER_TIMEOUT_MS);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      this.#rounds.set(round, { missing: new Set(workers), done });
      for (const worker of workers) ask(worker, round);
      if (workers.length === 0) done();
    });
    this.#rounds.delete(round);
    return mergeMetrics([...this.#lastTexts.values(), this.#departed]);
  }

  /** A worker's metrics; without a round it said them unasked. */
  heard(worker: number, text: string, round: number | undefined): void {
    this.#lastTexts.set(worker, text);
    if (round !== undefined) this.#arrived(worker, round);
  }

  /** A worker has ended: what it counted stays, and nobody waits for it. */
  gone(worker: number): void {
    this.#departed = mergeMetrics([this.#departed, countersOf(this.#lastTexts.get(worker) ?? "")]);
    this.#lastTexts.delete(worker);
    for (const round of [...this.#rounds.keys()]) this.#arrived(worker, round);
  }

  #arrived(worker: number, round: number): void {
    const waiting = this.#rounds.get(round);
    if (waiting === undefined) return;
    waiting.missing.delete(worker);
    if (waiting.missing.size === 0) waiting.done();
  }
}
