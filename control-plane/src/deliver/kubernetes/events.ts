import { ApiError, type ApiClient } from "../../kubernetes-api/api-client.ts";
import { systemClock, type Clock } from "../../kubernetes-api/clock.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import type { EventNote } from "../rollout/rollout-step.ts";

export interface EventRecorderOptions {
  readonly client: Pick<ApiClient, "create" | "patch">;
  /** Default: the name that Seldon's operator records under. */
  readonly component?: string;
  /** Name of the pod that records. */
  readonly host?: string;
  readonly clock?: Clock;
  readonly onError?: (error: unknown) => void;
}

export interface EventRecorder {
  readonly counters: Readonly<EventCounters>;
  /** Records what happened to an object; the same again counts up. Never throws, never waits. */
  record(object: KubernetesObject, notes: readonly EventNote[]): void;
  /** Resolves when all that was recorded is written or given up. */
  flush(): Promise<void>;
}

export interface EventCounters {
  created: number;
  repeated: number;
  /** Beyond the rate of their object, or of what may wait. */
  dropped: number;
  failed: number;
}

/** Events per object at once, and the time after which it may have one more. */
const BURST = 25;
const REFILL_MS = 300_000;
/** Events and objects that are remembered, and events that may wait to be written. */
const MOST_REMEMBERED = 4_096;
const MOST_WAITING = 1_000;
const LONGEST_MESSAGE = 1_024;
const LONGEST_NAME = 200;

interface Known {
  readonly name: string;
  count: number;
}

interface Tokens {
  left: number;
  atMs: number;
}

/** Records core/v1 Events one after another, in the background. */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, component = "seldon-controller-manager", host = "", clock = systemClock } = options;
  const known = new Map<string, Known>();
  const rates = new Map<string, Tokens>();
  const counters: EventCounters = { created: 0, repeated: 0, dropped: 0, failed: 0 };
  let waiting = 0;
  let names = 0;
  let last: Promise<void> = Promise.resolve();

  function takeToken(uid: string): boolean {
    const nowMs = clock.nowMs();
    const tokens = rates.get(uid) ?? { left: BURST, atMs: nowMs };
    const refilled = Math.floor((nowMs - tokens.atMs) / REFILL_MS);
    tokens.left = Math.min(BURST, tokens.left + refilled);
    tokens.atMs += refilled * REFILL_MS;
    remember(rates, uid, tokens);
    if (tokens.left === 0) return false;
    tokens.left--;
    return true;
  }

  async function write(object: KubernetesObject, note: EventNote): Promise<void> {
    const { namespace = "default", uid = "" } = object.metadata;
    const id = [uid, note.type, note.reason, note.message].join("\n");
    const before = known.get(id);
    const nowMs = clock.nowMs();
    if (before !== undefined && (await countUp(namespace, before, nowMs))) return;
    const name = `${object.metadata.name.slice(0, LONGEST_NAME)}.${nowMs.toString(16)}${(names++).toString(16)}`;
    await client.create(RESOURCE.event, eventObject(object, note, { namespace, name, nowMs, component, host }));
    counters.created++;
    remember(known, id, { name, count: 1 });
  }

  /** False when the event is no longer there: servers keep them for an hour. */
  async function countUp(namespace: string, event: Known, nowMs: number): Promise<boolean> {
    const patch = { count: event.count + 1, lastTimestamp: timeOf(nowMs) };
    try {
      await client.patch(RESOURCE.event, { namespace, name: event.name }, patch);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
    event.count++;
    counters.repeated++;
    return true;
  }

  async function writeQuietly(object: KubernetesObject, note: EventNote): Promise<void> {
    try {
      await write(object, note);
    } catch (error) {
      counters.failed++;
      options.onError?.(error);
    } finally {
      waiting--;
    }
  }

  return {
    counters,
    record: (object, notes) => {
      for (const note of notes) {
        if (waiting >= MOST_WAITING || !takeToken(object.metadata.uid ?? "")) {
          counters.dropped++;
          continue;
        }
        waiting++;
        const short = { ...note, message: note.message.slice(0, LONGEST_MESSAGE).toWellFormed() };
        last = last.then(() => writeQuietly(object, short));
      }
    },
    flush: () => last,
  };
}

/** Keeps the newest. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST_REMEMBERED && oldest !== undefined) map.delete(oldest);
}

interface EventPlace {
  readonly namespace: string;
  readonly name: string;
  readonly nowMs: number;
  readonly component: string;
  readonly host: string;
}

function eventObject(object: KubernetesObject, note: EventNote, place: EventPlace): KubernetesObject {
  const { apiVersion, kind, metadata } = object;
  const time = timeOf(place.nowMs);
  return {
    apiVersion: RESOURCE.event.apiVersion,
    kind: RESOURCE.event.kind,
    metadata: { name: place.name, namespace: place.namespace },
    involvedObject: {
      apiVersion,
      kind,
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
    },
    type: note.type,
    reason: note.reason,
    message: note.message,
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component: place.component, host: place.host },
    reportingComponent: place.component,
    reportingInstance: place.host,
  };
}

function timeOf(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19)}Z`;
}
