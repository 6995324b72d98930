import type { ModelSettings } from "./settings.ts";

/** Counts requests, a line each in the log, and knows which of the first ones fail. */
export class Counter {
  #seen = 0;
  readonly #settings: ModelSettings;
  readonly #write: (line: string) => void;

  constructor(settings: ModelSettings, write: (line: string) => void) {
    this.#settings = settings;
    this.#write = write;
  }

  get seen(): number {
    return this.#seen;
  }

  /** Takes a request; resolves after the model's delay with whether it is to be answered well. */
  async take(what: string): Promise<boolean> {
    this.#seen += 1;
    const isGood = this.#seen > this.#settings.failFirst;
    this.#write(`request ${this.#seen} ${what}${isGood ? "" : " (refused)"}\n`);
    const { delayMs } = this.#settings;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    return isGood;
  }
}
