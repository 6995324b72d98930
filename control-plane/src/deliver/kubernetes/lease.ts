import { ApiError, type ApiClient } from "../../kubernetes-api/api-client.ts";
import { sleep, systemClock, type Clock } from "../../kubernetes-api/clock.ts";
import type { KubernetesObject, ObjectKey } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";

/** The times of a leader election, as Seldon's operator names them. */
export interface LeaseSettings {
  /** Others take the lease when it was not renewed for so long. */
  readonly leaseMs: number;
  /** The leader gives up by itself when it could not renew for so long; less than `leaseMs`. */
  readonly renewMs: number;
  /** Time between tries, to renew and to acquire. */
  readonly retryMs: number;
}

const LEASE_SETTINGS: LeaseSettings = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

export interface LeaderElectionOptions {
  readonly client: Pick<ApiClient, "get" | "create" | "replace">;
  readonly key: ObjectKey;
  /** Of this process alone, such as the pod's name with a random end. */
  readonly identity: string;
  /** From here on nobody else writes. */
  readonly onAcquired: () => void;
  /** Stop writing now: called before anyone else may lead. Acquiring goes on. */
  readonly onLost: () => void;
  readonly settings?: LeaseSettings;
  readonly clock?: Clock;
  readonly onError?: (error: unknown) => void;
}

export interface LeaderElection {
  /** True while this process leads, by its own clock: false in time even if it slept. */
  isLeading(): boolean;
  /** Who leads, as far as known; empty: nobody. */
  readonly holder: string;
  /** Ends it; gives the lease back, so that another need not wait. */
  stop(): Promise<void>;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** A lease as it was seen last; time counts from when we saw it change, whatever other clocks say. */
interface Seen {
  readonly object: KubernetesObject;
  readonly spec: LeaseSpec;
  readonly sinceMs: number;
}

/** One moment by two clocks: one may be set, the other may stand still while the machine sleeps. */
interface Moment {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** Contends for a Lease until stopped. Every write names the version that it is based on, so only one can win. */
export function startLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { client, key, identity, settings = LEASE_SETTINGS, clock = systemClock } = options;
  const stop = new AbortController();
  let seen: Seen | undefined;
  let leading = false;
  let holdsUntil: Moment = { wallMs: 0, monotonicMs: 0 };
  let cancelDeadline = (): void => undefined;

  function see(object: KubernetesObject): Seen {
    const isKnown = seen?.object.metadata.resourceVersion === object.metadata.resourceVersion;
    if (seen !== undefined && isKnown) return seen;
    seen = { object, spec: object["spec"] ?? {}, sinceMs: clock.monotonicMs() };
    return seen;
  }

  function lose(): void {
    cancelDeadline();
    if (!leading) return;
    leading = false;
    options.onLost();
  }

  function now(): Moment {
    return { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  }

  function holds(): boolean {
    const { wallMs, monotonicMs } = now();
    return wallMs < holdsUntil.wallMs && monotonicMs < holdsUntil.monotonicMs;
  }

  /** Counts from before the write was sent: the server cannot have taken it earlier. */
  function hold(sent: Moment): void {
    if (stop.signal.aborted) return;
    const { renewMs } = settings;
    holdsUntil = { wallMs: sent.wallMs + renewMs, monotonicMs: sent.monotonicMs + renewMs };
    cancelDeadline();
    if (!holds()) {
      lose();
      return;
    }
    cancelDeadline = clock.after(holdsUntil.monotonicMs - clock.monotonicMs(), lose);
    if (leading) return;
    leading = true;
    options.onAcquired();
  }

  function specFor(before: LeaseSpec): LeaseSpec {
    const time = microTime(clock.nowMs());
    const isMine = before.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.round(settings.leaseMs / 1000)),
      acquireTime: isMine ? (before.acquireTime ?? time) : time,
      renewTime: time,
      leaseTransitions: (before.leaseTransitions ?? 0) + (isMine ? 0 : 1),
    };
  }

  async function tryOnce(): Promise<void> {
    const sent = now();
    if (leading && seen !== undefined && (await renew(seen, sent))) return;
    const found = await client.get(RESOURCE.lease, key);
    if (found === undefined) {
      see(await client.create(RESOURCE.lease, leaseObject(key, specFor({ leaseTransitions: -1 }))));
      hold(sent);
      return;
    }
    const current = see(found);
    if (isHeldByOther(current)) lose();
    else await take(current);
  }

  /** Without reading first: nobody else writes a lease that is held. False when someone did. */
  async function renew({ object, spec }: Seen, sent: Moment): Promise<boolean> {
    try {
      see(await client.replace(RESOURCE.lease, { ...object, spec: specFor(spec) }));
    } catch (error) {
      if (error instanceof ApiError && (error.status === 409 || error.status === 404)) return false;
      throw error;
    }
    hold(sent);
    return true;
  }

  async function take({ object, spec }: Seen): Promise<void> {
    const sent = now();
    see(await client.replace(RESOURCE.lease, { ...object, spec: specFor(spec) }));
    hold(sent);
  }

  function isHeldByOther({ spec, sinceMs }: Seen): boolean {
    const holder = spec.holderIdentity ?? "";
    if (holder === "" || holder === identity) return false;
    return clock.monotonicMs() < sinceMs + (spec.leaseDurationSeconds ?? 0) * 1000;
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await tryOnce();
      } catch (error) {
        const isOutrun = error instanceof ApiError && error.status === 409;
        if (!isOutrun) options.onError?.(error);
      }
      const jitter = leading ? 0.8 + clock.random() * 0.2 : 1 + clock.random() * 0.2;
      await sleep(clock, settings.retryMs * jitter, stop.signal);
    }
  }

  async function release(): Promise<void> {
    if (seen?.spec.holderIdentity !== identity) return;
    const spec = { ...seen.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: microTime(clock.nowMs()) };
    try {
      await client.replace(RESOURCE.lease, { ...seen.object, spec });
    } catch (error) {
      options.onError?.(error);
    }
  }

  const ended = run();
  return {
    isLeading: () => leading && holds(),
    get holder() {
      return seen?.spec.holderIdentity ?? "";
    },
    stop: async () => {
      stop.abort();
      lose();
      await ended;
      await release();
    },
  };
}

function leaseObject({ namespace, name }: ObjectKey, spec: LeaseSpec): KubernetesObject {
  const { apiVersion, kind } = RESOURCE.lease;
  return { apiVersion, kind, metadata: { name, namespace }, spec };
}

/** RFC 3339 with microseconds, as Lease wants it. */
function microTime(atMs: number): string {
  return new Date(atMs).toISOString().replace("Z", "000Z");
}
