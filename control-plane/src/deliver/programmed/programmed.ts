import type { XdsEvent } from "../xds-server/events.ts";
import type { XdsNode } from "../xds-server/node-view.ts";

/** How many of those who subscribe have accepted the newest of what they were given. */
export interface ProgrammedCount {
  readonly accepted: number;
  readonly subscribed: number;
}

/** All together; undefined: nobody subscribes to any of it. */
export function sumCounts(counts: readonly (ProgrammedCount | undefined)[]): ProgrammedCount | undefined {
  let sum: ProgrammedCount | undefined;
  for (const one of counts) {
    if (one === undefined) continue;
    sum = { accepted: (sum?.accepted ?? 0) + one.accepted, subscribed: (sum?.subscribed ?? 0) + one.subscribed };
  }
  return sum;
}

export interface ProgrammedOptions {
  readonly typeUrl: string;
  /** Version of the resource that the node is to have now; undefined: none is meant for it, and it does not count. */
  readonly wantedVersion: (node: XdsNode, name: string) => string | undefined;
  /** What a name belongs to. */
  readonly keyOf: (name: string) => string;
  /** Called with the key when its count may have changed. */
  readonly onChange: (key: string) => void;
}

/** Who has accepted what, by the events of an xDS server. */
export interface Programmed {
  onEvent(event: XdsEvent): void;
  /** Undefined: nobody subscribes. */
  count(key: string): ProgrammedCount | undefined;
  /** Why the newest was refused, if somebody did: the words of the client. */
  refusal(key: string): string | undefined;
}

interface Subscriber {
  readonly node: XdsNode;
  readonly name: string;
  /** What it accepted last. */
  accepted: string | undefined;
  refused: { readonly version: string; readonly message: string } | undefined;
}

/** One memory for one type of resource on one server. */
export function createProgrammed(options: ProgrammedOptions): Programmed {
  const { typeUrl, wantedVersion, keyOf, onChange } = options;
  /** Stream -> name -> subscriber. */
  const streams = new Map<number, Map<string, Subscriber>>();
  const byKey = new Map<string, Set<Subscriber>>();

  function add(stream: number, node: XdsNode, name: string): void {
    const names = streams.get(stream) ?? new Map<string, Subscriber>();
    streams.set(stream, names);
    if (names.has(name)) return;
    const subscriber: Subscriber = { node, name, accepted: undefined, refused: undefined };
    names.set(name, subscriber);
    const key = keyOf(name);
    const all = byKey.get(key) ?? new Set<Subscriber>();
    byKey.set(key, all.add(subscriber));
    onChange(key);
  }

  function drop(stream: number, name: string): void {
    const subscriber = streams.get(stream)?.get(name);
    if (subscriber === undefined) return;
    streams.get(stream)?.delete(name);
    const key = keyOf(name);
    const all = byKey.get(key);
    all?.delete(subscriber);
    if (all?.size === 0) byKey.delete(key);
    onChange(key);
  }

  function subscribe(stream: number, node: XdsNode, wanted: readonly string[]): void {
    const keeps = new Set(wanted);
    for (const name of [...(streams.get(stream)?.keys() ?? [])]) if (!keeps.has(name)) drop(stream, name);
    for (const name of keeps) add(stream, node, name);
  }

  function answered(event: Extract<XdsEvent, { kind: "ack" | "nack" }>): void {
    for (const { name, version } of event.resources) {
      const subscriber = streams.get(event.peer.stream)?.get(name);
      if (subscriber === undefined) continue;
      if (event.kind === "ack") {
        subscriber.accepted = version;
        subscriber.refused = undefined;
      } else subscriber.refused = { version, message: event.message };
      onChange(keyOf(name));
    }
  }

  return {
    onEvent(event) {
      const { stream, node } = event.peer;
      switch (event.kind) {
        case "connect":
          return;
        case "subscribe":
          if (event.typeUrl === typeUrl) subscribe(stream, node, event.names);
          return;
        case "ack":
        case "nack":
          if (event.typeUrl === typeUrl) answered(event);
          return;
        case "disconnect":
          subscribe(stream, node, []);
          streams.delete(stream);
          return;
      }
    },
    count(key) {
      let subscribed = 0;
      let accepted = 0;
      for (const one of byKey.get(key) ?? []) {
        const wanted = wantedVersion(one.node, one.name);
        if (wanted === undefined) continue;
        subscribed += 1;
        if (one.accepted === wanted) accepted += 1;
      }
      return subscribed === 0 ? undefined : { accepted, subscribed };
    },
    refusal(key) {
      for (const { node, name, refused } of byKey.get(key) ?? [])
        if (refused !== undefined && refused.version === wantedVersion(node, name)) return refused.message;
      return undefined;
    },
  };
}
