/** Time and chance, so that tests can own both. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Milliseconds since some time; only grow, whatever is done to the clock. */
  monotonicMs(): number;
  /** Calls back once; returns how to call it off. Keeps no process alive. */
  after(delayMs: number, callback: () => void): () => void;
  /** At least 0, below 1. */
  random(): number;
}

/** The longest time that a timer of the platform can take. */
const LONGEST_DELAY_MS = 0x7fffffff;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_DELAY_MS)).unref();
    return () => {
      clearTimeout(timer);
    };
  },
  random: () => Math.random(),
};

/** Resolves after the time, or as soon as the signal aborts; never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const cancel = clock.after(delayMs, finish);
    signal?.addEventListener("abort", finish, { once: true });
  });
}
