import { readCounts, writeCounts, type Counts } from "../../deliver/programmed/counts-text.ts";
import { sumCounts, type ProgrammedCount } from "../../deliver/programmed/programmed.ts";
import { FIELD_MANAGER } from "../../deliver/rollout/managed-fields.ts";
import type { ApiClient } from "../../kubernetes-api/api-client.ts";
import type { Clock } from "../../kubernetes-api/clock.ts";
import type { KubernetesObject } from "../../kubernetes-api/object.ts";
import { RESOURCE } from "../../kubernetes-api/resource-types.ts";
import { startReflector } from "../../source/kubernetes/reflector.ts";

export interface ReplicaCountsOptions {
  readonly client: Pick<ApiClient, "list" | "watch" | "apply" | "delete">;
  readonly ownNamespace: string;
  readonly podName: string;
  /** Owner of what is written, so that it goes with the pod; undefined: not known. */
  readonly podUid: string | undefined;
  readonly clock: Clock;
  /** What clients of this replica have accepted. */
  readonly counts: () => Counts;
  /** Called with the keys that count otherwise on another replica. */
  readonly onChange: (keys: readonly string[]) => void;
  readonly onError: (error: unknown) => void;
  /** Shortest time between two writes. Default 3000. */
  readonly quietMs?: number;
  /** A replica that lives says so this often. Default 30,000. */
  readonly renewMs?: number;
}

/**
 * What clients of the other replicas have accepted. Each replica keeps a Lease of its own with its counts as an annotation: written when
 * they change, but not more often than every few seconds, and renewed now and then. The counts of a replica that was silent for
 * three times as long are left out, so that one which died does not count for its clients, who are elsewhere by then.
 */
export interface ReplicaCounts {
  /** Ours may have changed. */
  note(): void;
  others(key: string): ProgrammedCount | undefined;
  /** Takes ours away. */
  stop(): Promise<void>;
}

const MARK = "graphway.dev/xds-counts";

interface Heard {
  readonly counts: Counts;
  /** When we saw it change, whatever other clocks say. */
  readonly atMs: number;
}

export function startReplicaCounts(options: ReplicaCountsOptions): ReplicaCounts {
  const { client, clock, onError, quietMs = 3000, renewMs = 30_000 } = options;
  const name = `graphway-xds-${options.podName}`;
  const replicas = new Map<string, Heard>();
  let written: { readonly text: string; readonly atMs: number } | undefined;
  let cancel: (() => void) | undefined;
  let writing = Promise.resolve();
  let isStopped = false;

  const leases = startReflector({
    client,
    type: RESOURCE.lease,
    namespace: options.ownNamespace,
    labelSelector: `${MARK}=true`,
    clock,
    onError,
  });
  leases.onChange((key, now) => {
    if (key.name === name) return;
    const counts = readCounts(now?.metadata.annotations?.[MARK] ?? "");
    hear(key.name, counts && { counts, atMs: clock.monotonicMs() });
  });

  function hear(replica: string, heard: Heard | undefined): void {
    const before = replicas.get(replica)?.counts;
    if (heard === undefined) replicas.delete(replica);
    else replicas.set(replica, heard);
    const keys = differing(before ?? new Map(), heard?.counts ?? new Map());
    if (keys.length > 0) options.onChange(keys);
  }

  function forgetSilent(): void {
    for (const [replica, { atMs }] of replicas) if (clock.monotonicMs() - atMs > 3 * renewMs) hear(replica, undefined);
  }

  async function write(): Promise<void> {
    const text = writeCounts(options.counts());
    const isDue = written === undefined || written.text !== text || clock.monotonicMs() - written.atMs >= renewMs;
    if (!isDue || isStopped) return;
    try {
      await client.apply(RESOURCE.lease, leaseOf(options, name, text), { fieldManager: FIELD_MANAGER, force: true });
      written = { text, atMs: clock.monotonicMs() };
    } catch (error) {
      onError(error);
    }
  }

  function schedule(delayMs: number): void {
    if (isStopped) return;
    cancel?.();
    cancel = clock.after(delayMs, () => {
      cancel = undefined;
      forgetSilent();
      writing = writing.then(write).then(() => {
        if (cancel === undefined) schedule(renewMs);
      });
    });
  }

  let isNoted = false;
  function note(): void {
    if (isNoted || isStopped) return;
    isNoted = true;
    clock.after(quietMs, () => {
      isNoted = false;
      schedule(0);
    });
  }

  return {
    note,
    others: (key) => sumCounts([...replicas.values()].map(({ counts }) => counts.get(key))),
    async stop() {
      isStopped = true;
      cancel?.();
      leases.stop();
      await Promise.all([writing, leases.stopped]);
      if (written === undefined) return;
      try {
        await client.delete(RESOURCE.lease, { namespace: options.ownNamespace, name });
      } catch (error) {
        onError(error);
      }
    },
  };
}

function differing(before: Counts, now: Counts): readonly string[] {
  const keys = new Set([...before.keys(), ...now.keys()]);
  return [...keys].filter((key) => {
    const [a, b] = [before.get(key), now.get(key)];
    return a?.accepted !== b?.accepted || a?.subscribed !== b?.subscribed;
  });
}

function leaseOf(options: ReplicaCountsOptions, name: string, text: string): KubernetesObject {
  const { apiVersion, kind } = RESOURCE.lease;
  const { ownNamespace: namespace, podName, podUid, clock, renewMs = 30_000 } = options;
  const owner = podUid && { apiVersion: "v1", kind: "Pod", name: podName, uid: podUid };
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      labels: { [MARK]: "true" },
      annotations: { [MARK]: text },
      ...(owner ? { ownerReferences: [owner] } : {}),
    },
    spec: {
      holderIdentity: podName,
      leaseDurationSeconds: Math.ceil((3 * renewMs) / 1000),
      // RFC 3339 with microseconds, as Lease wants it.
      renewTime: new Date(clock.nowMs()).toISOString().replace("Z", "000Z"),
    },
  };
}
