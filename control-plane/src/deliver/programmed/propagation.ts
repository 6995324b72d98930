import type { XdsEvent } from "../xds-server/events.ts";
import type { ChangedNames, ResourceStore } from "../xds-server/resource-store.ts";

export interface PropagationOptions {
  readonly store: Pick<ResourceStore, "get">;
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Told how long a change took to be accepted by one client. */
  readonly observe: (typeUrl: string, durationMs: number) => void;
}

/** How long changes take until clients accept them: from when they became known to the ACK. */
export interface Propagation {
  /** What a version of a type says became known earlier than it came to the store. */
  knownSince(typeUrl: string, version: string, sinceMs: number): void;
  /** To be told of every change of the store. */
  onChange(changed: ChangedNames): void;
  onEvent(event: XdsEvent): void;
}

/** Changes that are remembered; answers to older ones are not counted. */
const REMEMBERED = 20_000;

/** Who connects after a change and gets what there is does not count: nothing was late. */
export function createPropagation({ store, nowMs, observe }: PropagationOptions): Propagation {
  const changes = new Map<string, number>();
  const early = new Map<string, number>();
  const connected = new Map<number, number>();

  function remember(key: string, sinceMs: number): void {
    changes.delete(key); // a map keeps its order: the newest stands last
    changes.set(key, sinceMs);
    const [oldest] = changes.keys();
    if (changes.size > REMEMBERED && oldest !== undefined) changes.delete(oldest);
  }

  return {
    knownSince(typeUrl, version, sinceMs) {
      early.set(`${typeUrl} ${version}`, sinceMs);
    },
    onChange(changed) {
      for (const [typeUrl, names] of changed)
        for (const name of names) {
          const resource = store.get(typeUrl, name);
          if (resource === undefined) continue;
          const key = `${typeUrl} ${resource.version}`;
          remember(key, early.get(key) ?? nowMs());
        }
      early.clear();
    },
    onEvent(event) {
      const { stream } = event.peer;
      if (event.kind === "connect") connected.set(stream, nowMs());
      else if (event.kind === "disconnect") connected.delete(stream);
      else if (event.kind === "ack")
        for (const { version } of event.resources) {
          const sinceMs = changes.get(`${event.typeUrl} ${version}`);
          if (sinceMs !== undefined && (connected.get(stream) ?? Infinity) <= sinceMs)
            observe(event.typeUrl, nowMs() - sinceMs);
        }
    },
  };
}
