import { waitMs, type BackOff } from "../../kubernetes-api/back-off.ts";
import { sleep, systemClock, type Clock } from "../../kubernetes-api/clock.ts";

export interface WorkQueueOptions {
  /**
   * Brings one key to where it should be. May say after how many milliseconds to look again though nothing changes.
   * When it throws, the key is tried again after a back-off (or after the error's `retryAfterMs`, if that is longer).
   */
  readonly work: (key: string) => Promise<number | undefined>;
  /** Keys at a time. Default 4. */
  readonly workers?: number;
  /** Default 200 ms to a minute: so much later than it could have is noticed that what was away is back. */
  readonly backOff?: BackOff;
  readonly clock?: Clock;
  /** Told of every failure, with how many there were in a row. */
  readonly onError?: (key: string, error: unknown, failures: number) => void;
}

/** What a queue has done so far; `waiting` and `running` are of now. */
export interface WorkQueueCounters {
  /** Keys that wait for a worker; those that wait for their time do not count. */
  readonly waiting: number;
  readonly running: number;
  added: number;
  done: number;
  failed: number;
  /** Time that finished work took in all. */
  workedMs: number;
  /** Time that keys waited for a worker in all. */
  waitedMs: number;
}

/** Keys to work on: each is there once, and worked on by one at a time. */
export interface WorkQueue {
  readonly counters: WorkQueueCounters;
  /** Something about the key changed. While it is worked on: it will be once more, afterwards. */
  add(key: string): void;
  /** Adds the key after a time, unless it is due earlier anyway. */
  addAfter(key: string, delayMs: number): void;
  /** Drops what is known of the key, its failures and delays; work that runs goes on. */
  forget(key: string): void;
  /** Resolves as soon as nothing waits for a worker and none works. */
  idle(): Promise<void>;
  /** Takes nothing more, and resolves when what runs has ended, or after the time. */
  close(withinMs?: number): Promise<void>;
}

interface Delay {
  readonly dueMs: number;
  readonly cancel: () => void;
}

interface Entry {
  phase: "resting" | "waiting" | "running";
  /** Changed while it was worked on. */
  again: boolean;
  failures: number;
  queuedAtMs: number;
  delay?: Delay | undefined;
}

const DEFAULT_BACK_OFF: BackOff = { firstMs: 200, longestMs: 60_000 };
/** What changes while work on it fails may be what that work itself wrote: it waits, but not as long as without a change. */
const LONGEST_WAIT_FOR_CHANGED_MS = 5_000;

/** Starts a level-triggered queue: a key says where to look, never what happened. */
export function startWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { work, workers = 4, backOff = DEFAULT_BACK_OFF, clock = systemClock } = options;
  const entries = new Map<string, Entry>();
  /** In the order in which they came. */
  const waiting = new Set<string>();
  const onIdle: (() => void)[] = [];
  let running = 0;
  let closed = false;
  const counters: WorkQueueCounters = {
    get waiting() {
      return waiting.size;
    },
    get running() {
      return running;
    },
    added: 0,
    done: 0,
    failed: 0,
    workedMs: 0,
    waitedMs: 0,
  };

  function entryOf(key: string): Entry {
    const known = entries.get(key);
    if (known !== undefined) return known;
    const entry: Entry = { phase: "resting", again: false, failures: 0, queuedAtMs: 0 };
    entries.set(key, entry);
    return entry;
  }

  function add(key: string): void {
    if (closed) return;
    counters.added++;
    const entry = entryOf(key);
    cancelDelay(entry);
    if (entry.phase === "running") entry.again = true;
    if (entry.phase !== "resting") return;
    entry.phase = "waiting";
    entry.queuedAtMs = clock.nowMs();
    waiting.add(key);
    startWorkers();
  }

  function addAfter(key: string, delayMs: number): void {
    if (closed) return;
    const entry = entryOf(key);
    const dueMs = clock.nowMs() + delayMs;
    if (entry.phase === "waiting" || (entry.delay !== undefined && entry.delay.dueMs <= dueMs)) return;
    cancelDelay(entry);
    const cancel = clock.after(delayMs, () => {
      entry.delay = undefined;
      add(key);
    });
    entry.delay = { dueMs, cancel };
  }

  function cancelDelay(entry: Entry): void {
    entry.delay?.cancel();
    entry.delay = undefined;
  }

  function startWorkers(): void {
    for (const key of waiting) {
      if (running >= workers || closed) return;
      waiting.delete(key);
      const entry = entryOf(key);
      entry.phase = "running";
      counters.waitedMs += clock.nowMs() - entry.queuedAtMs;
      running++;
      void workOn(key, entry);
    }
  }

  async function workOn(key: string, entry: Entry): Promise<void> {
    const startedMs = clock.nowMs();
    const againAfterMs = await workOnce(key, entry);
    counters.workedMs += clock.nowMs() - startedMs;
    running--;
    entry.phase = "resting";
    settle(key, entry, againAfterMs);
    startWorkers();
    if (running === 0 && waiting.size === 0)
      onIdle.splice(0).forEach((resolve) => {
        resolve();
      });
  }

  /** After how long to come back, if at all. */
  async function workOnce(key: string, entry: Entry): Promise<number | undefined> {
    try {
      const againAfterMs = await work(key);
      counters.done++;
      entry.failures = 0;
      return againAfterMs;
    } catch (error) {
      counters.failed++;
      entry.failures++;
      options.onError?.(key, error, entry.failures);
      return waitMs(backOff, entry.failures, clock, error);
    }
  }

  function settle(key: string, entry: Entry, againAfterMs: number | undefined): void {
    if (closed || entries.get(key) !== entry) return;
    if (entry.again) {
      entry.again = false;
      if (entry.failures === 0) add(key);
      else addAfter(key, Math.min(againAfterMs ?? 0, LONGEST_WAIT_FOR_CHANGED_MS));
    } else if (againAfterMs !== undefined) {
      addAfter(key, againAfterMs);
    } else if (entry.delay === undefined) {
      entries.delete(key);
    }
  }

  return {
    counters,
    add,
    addAfter,
    forget: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return;
      cancelDelay(entry);
      entry.again = false;
      entry.failures = 0;
      waiting.delete(key);
      if (entry.phase === "waiting") entry.phase = "resting";
      if (entry.phase === "resting") entries.delete(key);
    },
    idle: () =>
      running === 0 && waiting.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            onIdle.push(resolve);
          }),
    close: async (withinMs = 10_000) => {
      closed = true;
      for (const entry of entries.values()) cancelDelay(entry);
      waiting.clear();
      if (running === 0) return;
      const ended = new Promise<void>((resolve) => {
        onIdle.push(resolve);
      });
      const tired = new AbortController();
      await Promise.race([ended, sleep(clock, withinMs, tired.signal)]);
      tired.abort();
    },
  };
}
