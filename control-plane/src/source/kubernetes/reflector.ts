import { ApiError, type ApiClient, type WatchEvent } from "../../kubernetes-api/api-client.ts";
import { waitMs } from "../../kubernetes-api/back-off.ts";
import { sleep, systemClock, type Clock } from "../../kubernetes-api/clock.ts";
import { parseLabelSelector } from "../../kubernetes-api/label-selector.ts";
import { keyOf, type KubernetesObject } from "../../kubernetes-api/object.ts";
import type { ResourceType } from "../../kubernetes-api/resource-types.ts";
import { compareVersions } from "../../kubernetes-api/resource-version.ts";
import { dropBookkeeping } from "./keep.ts";
import { isExpired, listInPages } from "./list-pages.ts";
import type { ObjectCache } from "./object-cache.ts";
import { createObjectStore, type Change } from "./object-store.ts";
import { REFLECTOR_SETTINGS, type ReflectorCounters, type ReflectorSettings } from "./reflector-settings.ts";

export interface ReflectorOptions {
  readonly client: Pick<ApiClient, "list" | "watch">;
  readonly type: ResourceType;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** Such as `metadata.name=…`, which also asks for fewer rights. */
  readonly fieldSelector?: string;
  /** What is kept of an object. Default: all but its bookkeeping. Must keep metadata. */
  readonly keep?: (object: KubernetesObject) => KubernetesObject;
  readonly clock?: Clock;
  /** Told of every failure; the reflector goes on by itself. */
  readonly onError?: (error: unknown) => void;
  readonly settings?: Partial<ReflectorSettings>;
}

/** An ObjectCache that a watch fills, and what it did for that. */
export interface Reflector extends ObjectCache {
  readonly counters: Readonly<ReflectorCounters>;
  /** Ends the watch; `stopped` resolves when nothing runs any more. */
  readonly stopped: Promise<void>;
}

type Listener = Parameters<ObjectCache["onChange"]>[0];

/** A watch that lives shorter than this and says nothing counts as failed. */
const SHORT_WATCH_MS = 1_000;
/** A server that starts may deny for a moment what it serves; nothing is given up for that. */
const DENIALS_BELIEVED = 3;

/**
 * Keeps a cache of one kind by listing and watching it until stopped: resumes where it was, lists again when history is
 * gone, backs off when the server says no. A kind that the server does not know is empty and synced, and looked for now
 * and then.
 */
export function startReflector(options: ReflectorOptions): Reflector {
  const { client, type, clock = systemClock, keep = dropBookkeeping } = options;
  const settings = { ...REFLECTOR_SETTINGS, ...options.settings };
  const scope = {
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
    ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
    ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
  };
  const selects = parseLabelSelector(options.labelSelector ?? "");
  const store = createObjectStore();
  const listeners = new Set<Listener>();
  const stop = new AbortController();
  const synced = Promise.withResolvers<undefined>();
  synced.promise.catch(() => undefined);
  const counters: ReflectorCounters = {
    objects: 0,
    served: true,
    lists: 0,
    relists: 0,
    watches: 0,
    events: 0,
    bookmarks: 0,
    errors: 0,
    stalls: 0,
    lastHeardMs: 0,
  };
  /** What the server has told us of, up to here; undefined: list first. */
  let position: string | undefined;
  /** The newest position that there ever was. */
  let furthest: string | undefined;
  let failures = 0;
  /** Times in a row that the server said not to know a kind that it had objects of. */
  let denials = 0;

  function publish(change: Change | undefined): void {
    if (change === undefined) return;
    counters.objects = store.size;
    for (const listener of listeners) {
      try {
        listener(change.key, change.object, change.before);
      } catch (error) {
        report(error);
      }
    }
  }

  function report(error: unknown): void {
    counters.errors++;
    options.onError?.(error);
  }

  function reach(version: string | undefined): void {
    if (version === undefined || version === "") return;
    position = version;
    furthest = version;
    counters.lastHeardMs = clock.nowMs();
  }

  async function list(): Promise<void> {
    if (counters.lists++ > 0) counters.relists++;
    const paging = { ...scope, limit: settings.pageSize, signal: stop.signal };
    const { objects, resourceVersion } = await listInPages(client, type, paging, keep);
    const backwards = (compareVersions(resourceVersion, furthest) ?? 0) < 0;
    reach(resourceVersion);
    counters.served = true;
    denials = 0;
    store.replaceAll(objects, resourceVersion, backwards).forEach(publish);
    counters.objects = store.size;
    synced.resolve(undefined);
  }

  async function watch(resourceVersion: string): Promise<void> {
    const abort = new AbortController();
    const signal = AbortSignal.any([stop.signal, abort.signal]);
    const silence = { tooLong: false };
    let cancelIdle = (): void => undefined;
    const expectMore = (): void => {
      cancelIdle();
      cancelIdle = clock.after(settings.idleMs, () => {
        silence.tooLong = true;
        abort.abort();
      });
    };
    counters.watches++;
    try {
      expectMore();
      const events = client.watch(type, { ...scope, resourceVersion, timeoutSeconds: watchSeconds(), signal });
      for await (const event of events) {
        expectMore();
        take(event);
        failures = 0;
      }
    } catch (error) {
      if (!silence.tooLong) throw error;
    } finally {
      cancelIdle();
    }
    if (!silence.tooLong || stop.signal.aborted) return;
    counters.stalls++;
    await checkHistory(resourceVersion);
  }

  /**
   * A server whose history was rewound (etcd restored) keeps silent about versions that it has yet to reach. Quiet kinds
   * are silent too: servers send bookmarks only when there is something newer.
   */
  async function checkHistory(resourceVersion: string): Promise<void> {
    const { resourceVersion: newest } = await client.list(type, { ...scope, limit: 1, signal: stop.signal });
    const isRewound = (compareVersions(newest, position ?? resourceVersion) ?? 0) < 0;
    if (isRewound) position = undefined;
    else counters.lastHeardMs = clock.nowMs();
  }

  function watchSeconds(): number {
    const { watchSecondsLeast: least, watchSecondsMost: most } = settings;
    return Math.round(least + clock.random() * (most - least));
  }

  function take(event: WatchEvent): void {
    reach(event.object.metadata.resourceVersion);
    if (event.type === "bookmark") {
      counters.bookmarks++;
      return;
    }
    counters.events++;
    publish(event.type === "deleted" ? store.remove(event.object) : store.upsert(keep(event.object)));
  }

  /** The kind went away, or was never there: so did its objects. */
  function takeUnserved(): void {
    position = undefined;
    counters.served = false;
    store.replaceAll([], "", true).forEach(publish);
    counters.objects = store.size;
    synced.resolve(undefined);
  }

  /** One listing or watch; how long to wait before the next. */
  async function turn(): Promise<number> {
    const startedMs = clock.nowMs();
    const heardBefore = counters.events + counters.bookmarks;
    const step = position === undefined ? "list" : "watch";
    try {
      await (position === undefined ? list() : watch(position));
    } catch (error) {
      return stop.signal.aborted ? 0 : afterFailure(error, step);
    }
    if (step === "list") return 0;
    const heard = counters.events + counters.bookmarks > heardBefore;
    if (heard || clock.nowMs() - startedMs >= SHORT_WATCH_MS) failures = 0;
    else failures++;
    return failures === 0 ? 0 : waitMs(settings.backOff, failures, clock);
  }

  function afterFailure(error: unknown, step: "list" | "watch"): number {
    const isUnknown = error instanceof ApiError && error.status === 404;
    if (isUnknown && step === "list" && (store.size === 0 || ++denials >= DENIALS_BELIEVED)) {
      takeUnserved();
      return settings.unservedCheckMs * (0.8 + clock.random() * 0.4);
    }
    report(error);
    if (isUnknown && step === "list") return settings.backOff.longestMs;
    const isFirst = failures++ === 0;
    if (step === "watch" && (isUnknown || isExpired(error))) {
      position = undefined;
      if (isFirst) return 0;
    }
    return waitMs(settings.backOff, failures, clock, error);
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      const delayMs = await turn();
      if (delayMs > 0) await sleep(clock, delayMs, stop.signal);
    }
    synced.reject(new Error(`the watch of ${type.plural} was stopped before its first listing`));
  }

  return {
    counters,
    synced: synced.promise,
    stopped: run(),
    get: (key) => store.get(key),
    list: (namespace) => store.list(namespace),
    ownedBy: (uid) => store.ownedBy(uid),
    put: (object) => {
      const known = store.get(keyOf(object));
      const version = object.metadata.resourceVersion;
      // What is older than the position would be known, were it still there.
      const newerThan = known?.metadata.resourceVersion ?? furthest;
      if ((compareVersions(version, newerThan) ?? 0) <= 0) return;
      if (known === undefined && !isInScope(object)) return;
      publish(store.upsert(keep(object)));
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    stop: () => {
      stop.abort();
    },
  };

  function isInScope({ metadata }: KubernetesObject): boolean {
    const inNamespace = options.namespace === undefined || metadata.namespace === options.namespace;
    return counters.served && inNamespace && selects(metadata.labels);
  }
}
