/** How long an orchestrator that stops goes on taking requests. */
export interface ServeOn {
  /** It serves for so long in any case. */
  readonly leastMs: number;
  /** And for so long where requests go on coming. */
  readonly mostMs: number;
}

/** Time as it passes; tests bring their own. */
export interface Clock {
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Those who send requests. */
export interface Senders {
  /** Requests that have come since the start of the process. */
  readonly arrivals: () => number;
  /** Asks those who are connected to go elsewhere; called once for each round of serving on. */
  readonly turnAway: () => void;
}

/** No request for so long: whoever sends them has heard that this one stops. */
const QUIET_MS = 1000;

/**
 * Resolves when it is time to take no more requests: after `leastMs`, where the last second of it was quiet; else after the first
 * quiet second, and at the latest after `mostMs`.
 */
export async function serveOn({ leastMs, mostMs }: ServeOn, senders: Senders, clock: Clock): Promise<void> {
  const { arrivals, turnAway } = senders;
  const { nowMs, sleep } = clock;
  const beganMs = nowMs();
  const quietMs = Math.min(QUIET_MS, leastMs);
  await sleep(leastMs - quietMs);
  let seen = arrivals();
  await sleep(quietMs);
  for (;;) {
    const leftMs = mostMs - (nowMs() - beganMs);
    if (arrivals() === seen || leftMs <= 0) return;
    turnAway();
    seen = arrivals();
    await sleep(Math.min(QUIET_MS, leftMs));
  }
}
