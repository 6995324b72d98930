import { systemClock, type Clock } from "../../../kubernetes-api/clock.ts";

/** A clock that runs so many times as fast, for those who wait for real servers. */
export function fastClock(factor: number): Clock {
  const [wallMs, monotonicMs] = [systemClock.nowMs(), systemClock.monotonicMs()];
  const sinceMs = (): number => (systemClock.monotonicMs() - monotonicMs) * factor;
  return {
    nowMs: () => wallMs + sinceMs(),
    monotonicMs: sinceMs,
    after: (delayMs, callback) => systemClock.after(delayMs / factor, callback),
    random: () => systemClock.random(),
  };
}
