import type { EncodedResource } from "../../render/xds/resource.ts";
import { TYPE } from "../../render/xds/type-urls.ts";
import { endpointsAwaitedBy } from "../xds-server/cluster-endpoints.ts";

/** Everything an Envoy is to have, in the groups in which it must arrive. */
export interface GatewaySnapshot {
  /** Clusters and their endpoints: must be known before anything names them. */
  readonly backends: readonly EncodedResource[];
  /** Listeners and routes: name backends. */
  readonly routing: readonly EncodedResource[];
  /** The route table, encoded only when it is sent, because each sending has a number of its own. */
  readonly table: { readonly fingerprint: string; encode(): EncodedResource };
}

/** What the rollout needs of the xDS server. */
export interface Delivery {
  /** Publishes and removes, all at once. */
  apply(changes: { readonly set: readonly EncodedResource[]; readonly remove: readonly EncodedResource[] }): void;
  /** Resolves once every connected Envoy has accepted or refused these, or after `timeoutMs`. Without an Envoy: at once. */
  whenAnswered(resources: readonly EncodedResource[], timeoutMs: number): Promise<void>;
  /** Whether an Envoy goes on with an older version because it refused a newer one. When that ends, a snapshot must be published. */
  isRefused(): boolean;
}

export interface RolloutOptions {
  readonly delivery: Delivery;
  /** Longest wait for an Envoy's answer before going on without it. Default 2000. */
  readonly answerTimeoutMs?: number;
  /** Shortest time between two tables: each costs every Envoy a new plugin. Default 1000. */
  readonly tableIntervalMs?: number;
  /** How long a backend that nothing names any more stays, for the requests that are still on it. Default 5000. */
  readonly drainMs?: number;
  /** Called after backends have been taken away. */
  readonly onPruned: () => void;
  /** Told of a bug that kept a snapshot from being sent; it is tried again. Default: it is thrown. */
  readonly onFault?: (error: unknown) => void;
  /** How soon a snapshot that could not be sent is tried again; a newer one is at once. Default 1000. */
  readonly retryAfterMs?: number;
}

/** Brings an Envoy from one snapshot to the next without a moment in which something names what is not there. */
export interface Rollout {
  /** The newest snapshot wins; one that was overtaken is never sent. */
  publish(snapshot: GatewaySnapshot): void;
  /** Whether Envoy may still send requests to the cluster. */
  holds(clusterName: string): boolean;
  /** Resolves when the newest published snapshot has been sent and answered: not before, whatever it takes. */
  settled(): Promise<void>;
  close(): void;
}

export function createRollout(options: RolloutOptions): Rollout {
  const { delivery, onPruned, onFault = throwLater } = options;
  const answerTimeoutMs = options.answerTimeoutMs ?? 2000;
  const tableIntervalMs = options.tableIntervalMs ?? 1000;
  const drainMs = options.drainMs ?? 5000;
  const retryAfterMs = options.retryAfterMs ?? 1000;

  const published = new Map<string, EncodedResource>();
  /** The backends in `published`. */
  const held = new Set<EncodedResource>();
  const leftAtMs = new Map<string, number>();
  let tableFingerprint = "";
  let tableSentAtMs = 0;
  let next: GatewaySnapshot | undefined;
  let running: Promise<void> | undefined;
  let pruneTimer: NodeJS.Timeout | undefined;
  /** Ends the wait before a snapshot is tried again. */
  let wake: (() => void) | undefined;
  let closed = false;

  async function run(): Promise<void> {
    for (let snapshot = takeNext(); snapshot !== undefined; snapshot = takeNext()) {
      try {
        await bring(snapshot);
      } catch (error) {
        onFault(error);
        await pause();
        next ??= snapshot;
      }
    }
    running = undefined;
  }

  async function pause(): Promise<void> {
    if (closed || next !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    wake = () => {
      resolve(undefined);
    };
    const timer = setTimeout(wake, retryAfterMs);
    await promise;
    clearTimeout(timer);
    wake = undefined;
  }

  async function bring(snapshot: GatewaySnapshot): Promise<void> {
    await send(snapshot.backends);
    await tableTurn(snapshot);
    if (next !== undefined) return; // overtaken while it waited: its backends harm nobody
    await sendRouting(snapshot);
    markLeft(snapshot);
  }

  function takeNext(): GatewaySnapshot | undefined {
    const snapshot = closed ? undefined : next;
    next = undefined;
    return snapshot;
  }

  async function send(resources: readonly EncodedResource[]): Promise<void> {
    // Most are the very same objects, which is told without a look at their names.
    const others = resources.filter((one) => !held.has(one));
    const changed = others.filter((one) => published.get(keyOf(one))?.version !== one.version);
    // A cluster made of others has nobody to send requests to before they have endpoints.
    await sendAtOnce(changed.filter((one) => !isMadeOfOthers(one)));
    await sendAtOnce(changed.filter(isMadeOfOthers));
    for (const one of others) hold(one);
  }

  async function sendAtOnce(resources: readonly EncodedResource[]): Promise<void> {
    if (resources.length === 0) return;
    delivery.apply({ set: resources, remove: [] });
    for (const one of resources) hold(one);
    await delivery.whenAnswered(resources, answerTimeoutMs);
  }

  function hold(resource: EncodedResource): void {
    drop(resource);
    published.set(keyOf(resource), resource);
    if (isBackend(resource)) held.add(resource);
  }

  function drop(resource: EncodedResource): void {
    const before = published.get(keyOf(resource));
    published.delete(keyOf(resource));
    if (before !== undefined) held.delete(before);
  }

  async function tableTurn(snapshot: GatewaySnapshot): Promise<void> {
    const waitMs = tableSentAtMs + tableIntervalMs - Date.now();
    if (snapshot.table.fingerprint !== tableFingerprint && waitMs > 0) await sleep(waitMs);
  }

  async function sendRouting({ routing, table }: GatewaySnapshot): Promise<void> {
    if (table.fingerprint === tableFingerprint) return send(routing);
    const answered = send([...routing, table.encode()]);
    tableSentAtMs = Date.now();
    await answered;
    tableFingerprint = table.fingerprint;
  }

  /** From now on nothing names the backends that are not in the snapshot, nor in the next; they go after the drain time. */
  function markLeft(snapshot: GatewaySnapshot): void {
    for (const key of heldBeside(snapshot).map(keyOf)) if (!leftAtMs.has(key)) leftAtMs.set(key, Date.now());
    schedulePrune();
  }

  /** All backends of the snapshot are held: it was sent. */
  function heldBeside({ backends }: GatewaySnapshot): readonly EncodedResource[] {
    if (held.size === backends.length) return [];
    const wanted = new Set(backends);
    const ofNext = new Set(next?.backends.map(keyOf));
    return [...held].filter((one) => !wanted.has(one) && !ofNext.has(keyOf(one)));
  }

  function schedulePrune(): void {
    clearTimeout(pruneTimer);
    const first = Math.min(...leftAtMs.values());
    if (closed || first === Infinity) return;
    pruneTimer = setTimeout(prune, Math.max(0, first + drainMs - Date.now()));
  }

  function prune(): void {
    const due = [...leftAtMs].filter(([, leftMs]) => leftMs + drainMs <= Date.now()).map(([key]) => key);
    for (const key of due) leftAtMs.delete(key);
    // What Envoy goes on with may name them; the next snapshot marks them again.
    const remove = delivery.isRefused() ? [] : due.flatMap((key) => published.get(key) ?? []);
    for (const one of remove) drop(one);
    if (remove.length > 0) {
      delivery.apply({ set: [], remove });
      onPruned();
    }
    schedulePrune();
  }

  return {
    publish(snapshot) {
      next = snapshot;
      // Wanted again: do not prune meanwhile.
      if (leftAtMs.size > 0) for (const one of snapshot.backends) leftAtMs.delete(keyOf(one));
      wake?.();
      running ??= run();
    },
    holds: (clusterName) => published.has(`${TYPE.cluster} ${clusterName}`),
    settled: async () => running,
    close() {
      closed = true;
      wake?.();
      clearTimeout(pruneTimer);
    },
  };
}

function keyOf(resource: EncodedResource): string {
  return `${resource.typeUrl} ${resource.name}`;
}

/** All clusters that fetch no endpoints are. */
function isMadeOfOthers(one: EncodedResource): boolean {
  return one.typeUrl === TYPE.cluster && endpointsAwaitedBy(one) === undefined;
}

function isBackend({ typeUrl }: EncodedResource): boolean {
  return typeUrl === TYPE.cluster || typeUrl === TYPE.endpoints;
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
