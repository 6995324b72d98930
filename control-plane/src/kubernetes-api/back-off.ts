import type { Clock } from "./clock.ts";

/** How long to wait between tries: `firstMs`, then twice as long each time, up to `longestMs`. */
export interface BackOff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * The wait after so many failures in a row (1: the first), with jitter between half of the time and all of it.
 * A server that named a time (Retry-After) is waited for at least that long, up to `longestMs`.
 */
export function waitMs(backOff: BackOff, failures: number, clock: Clock, error?: unknown): number {
  const grown = Math.min(backOff.firstMs * 2 ** Math.min(failures - 1, 30), backOff.longestMs);
  const jittered = grown * (0.5 + clock.random() / 2);
  const asked = Math.min(retryAfterMs(error), backOff.longestMs);
  return asked > 0 ? asked + jittered / 4 : jittered;
}

function retryAfterMs(error: unknown): number {
  const asked = typeof error === "object" && error !== null && "retryAfterMs" in error ? error.retryAfterMs : undefined;
  return typeof asked === "number" && asked > 0 ? asked : 0;
}
