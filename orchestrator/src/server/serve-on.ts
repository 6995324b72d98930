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

/** Those who send requests, and those who answer them. */
export interface Peers {
  /** Requests that have come since the start of the process. */
  readonly arrivals: () => number;
  /** Asks those who are connected to go elsewhere; called at each look while it serves on. */
  readonly turnAway: () => void;
  /** Whether the graph's nodes still take connections; says so soon, a node that is silent is one that does not. */
  readonly areNodesThere: () => Promise<boolean>;
}

/** No request for so long: whoever sends them has heard that this one stops. */
const QUIET_MS = 2000;
/** While it serves on, it looks so often whether requests come and nodes are there. */
const LOOK_EVERY_MS = 500;

/**
 * Resolves when it is time to take no more requests: after `leastMs`, where the last two seconds of it were quiet; else once it has
 * been quiet for two seconds, at once where nodes are gone and others would answer better, and at the latest after `mostMs`.
 * Without a least time nothing is waited for.
 */
export async function serveOn({ leastMs, mostMs }: ServeOn, peers: Peers, clock: Clock): Promise<void> {
  if (leastMs <= 0) return;
  const { arrivals, turnAway, areNodesThere } = peers;
  const { nowMs, sleep } = clock;
  const endMs = nowMs() + mostMs;
  const quietMs = Math.min(QUIET_MS, leastMs);
  await sleep(leastMs - quietMs);
  let seen = arrivals();
  await sleep(quietMs);
  if (arrivals() === seen) return;
  let lastMs = nowMs();
  while (nowMs() - lastMs < QUIET_MS && nowMs() < endMs) {
    if (!(await areNodesThere())) return;
    turnAway();
    seen = arrivals();
    await sleep(Math.min(LOOK_EVERY_MS, Math.max(0, endMs - nowMs())));
    if (arrivals() !== seen) lastMs = nowMs();
  }
}
