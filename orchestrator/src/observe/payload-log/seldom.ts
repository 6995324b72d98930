/** Says at most one thing a second, with how many there were since. */
export class Seldom {
  readonly #say: (message: string, suppressed: number) => void;
  readonly #intervalMs: number;
  #lastMs = -Infinity;
  #suppressed = 0;

  constructor(say: (message: string, suppressed: number) => void, intervalMs = 1000) {
    this.#say = say;
    this.#intervalMs = intervalMs;
  }

  tell(message: string, nowMs = performance.now()): void {
    if (nowMs - this.#lastMs < this.#intervalMs) {
      this.#suppressed += 1;
      return;
    }
    const suppressed = this.#suppressed;
    this.#lastMs = nowMs;
    this.#suppressed = 0;
    this.#say(message, suppressed);
  }
}
