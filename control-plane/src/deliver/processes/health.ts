import { setTimeout as delay } from "node:timers/promises";
import type { LocalAction } from "./probe.ts";
import type { ProbeResult } from "./probe-result.ts";

/** A probe of a local process: the Kubernetes fields, in milliseconds. */
export interface LocalProbe {
  readonly action: LocalAction;
  readonly initialDelayMs: number;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** The probes of one process. */
export interface LocalProbes {
  readonly startup?: LocalProbe;
  readonly readiness?: LocalProbe;
  readonly liveness?: LocalProbe;
}

export interface HealthEvents {
  /** Whether the process may get requests; called on change, first with true. `reason` says why not. */
  onReady(ready: boolean, reason?: string): void;
  /** A probe failed before the process was ready for the first time. */
  onWaiting(reason: string): void;
  /** The startup or liveness probe gave up: the process is to be restarted. Called at most once. */
  onUnhealthy(reason: string): void;
}

export interface HealthTiming {
  /** Pause between probes until the process is ready for the first time. */
  readonly startIntervalMs: number;
  /** The same for exec probes, which cost a process each. */
  readonly startExecIntervalMs: number;
}

type Run = (action: LocalAction, timeoutMs: number) => Promise<ProbeResult>;

/**
 * Watches one process until `signal` aborts. As Kubernetes, but for speed: `initialDelaySeconds` of startup and
 * readiness probes is not waited for, and until the first success they run at short intervals. The time a slow
 * starter gets stays what Kubernetes gives it: initial delay + period * failureThreshold of the startup probe. The
 * liveness probe starts when the process is ready, or after its own initial delay if that is sooner.
 */
export async function watchHealth(
  probes: LocalProbes,
  run: Run,
  timing: HealthTiming,
  events: HealthEvents,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (probes.startup && !(await passStartup(probes.startup))) return;
    const ready = Promise.withResolvers<undefined>();
    await Promise.all([watchReadiness(ready), watchLiveness(ready.promise)]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }

  async function passStartup(probe: LocalProbe): Promise<boolean> {
    const deadline = performance.now() + probe.initialDelayMs + probe.periodMs * probe.failureThreshold;
    for (;;) {
      const result = await once(probe);
      if (result.ok) return true;
      events.onWaiting(`startup probe: ${result.reason}`);
      if (performance.now() >= deadline) {
        events.onUnhealthy(`startup probe: ${result.reason}`);
        return false;
      }
      await pause(startInterval(probe));
    }
  }

  async function watchReadiness(first: PromiseWithResolvers<undefined>): Promise<void> {
    const probe = probes.readiness;
    if (probe === undefined) {
      events.onReady(true);
      first.resolve(undefined);
      return;
    }
    let wasReady = false;
    let ready = false;
    let streak = 0;
    for (;;) {
      const result = await once(probe);
      streak = result.ok === ready ? 0 : streak + 1;
      if (!result.ok && !wasReady) events.onWaiting(`readiness probe: ${result.reason}`);
      if (result.ok && !ready && streak >= probe.successThreshold) {
        [ready, wasReady, streak] = [true, true, 0];
        events.onReady(true);
        first.resolve(undefined);
      } else if (!result.ok && ready && streak >= probe.failureThreshold) {
        [ready, streak] = [false, 0];
        events.onReady(false, `readiness probe: ${result.reason}`);
      }
      await pause(wasReady ? probe.periodMs : startInterval(probe));
    }
  }

  async function watchLiveness(firstReady: Promise<undefined>): Promise<void> {
    const probe = probes.liveness;
    if (probe === undefined) return;
    await Promise.race([firstReady, pause(probe.initialDelayMs)]);
    for (let failures = 0; ;) {
      const result = await once(probe);
      failures = result.ok ? 0 : failures + 1;
      if (!result.ok && failures >= probe.failureThreshold) {
        events.onUnhealthy(`liveness probe: ${result.reason}`);
        return;
      }
      await pause(probe.periodMs);
    }
  }

  async function once(probe: LocalProbe): Promise<ProbeResult> {
    const result = await run(probe.action, probe.timeoutMs);
    signal.throwIfAborted();
    return result;
  }

  function startInterval(probe: LocalProbe): number {
    return probe.action.kind === "exec" ? timing.startExecIntervalMs : timing.startIntervalMs;
  }

  function pause(ms: number): Promise<undefined> {
    return delay(ms, undefined, { signal });
  }
}
